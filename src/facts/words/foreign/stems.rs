//! How words begin in other languages, as data: one list for each thing that a prompt may say. Words of languages that
//! write spaces are met where a word begins, those of Chinese, Japanese and Korean anywhere.

use super::super::{LengthUnit, Task};

/// What a stem says, each with its list.
#[derive(Clone, Copy)]
pub(super) enum Group {
    Short,
    Only,
    Answer,
    Scope,
    Refuses,
    Rest,
    NothingElse,
    Reasons,
    Guides,
    Each,
    Material,
    Rests,
    Form,
    Table,
    Makes,
    Most,
    Least,
    About,
    /// "No", which is "in the" in Portuguese.
    No,
}

/// The lists of stems.
pub(super) const GROUPS: [(Group, &str); 19] = [
    (Group::Short, SHORT),
    (Group::Only, ONLY),
    (Group::Answer, ANSWER),
    (Group::Scope, SCOPE),
    (Group::Refuses, REFUSES),
    (Group::Rest, REST),
    (Group::NothingElse, NOTHING_ELSE),
    (Group::Reasons, REASONS),
    (Group::Guides, GUIDES),
    (Group::Each, EACH),
    (Group::Material, MATERIAL),
    (Group::Rests, RESTS),
    (Group::Form, FORM),
    (Group::Table, TABLE),
    (Group::Makes, MAKES),
    (Group::Most, MOST),
    (Group::Least, LEAST),
    (Group::About, ABOUT),
    (Group::No, "no"),
];

/// Short, brief, concise.
const SHORT: &str = "kurz knapp prägnant bündig bref brève brièv concis succinct court breve sucint corto \
    corta cortos cortas escuet resumid curto curta curtos curtas sintetic sintétic stringat кратк коротк лаконичн сжат \
    стисл beknopt kort krótk zwięź stručn krátk kısa ngắn singkat 简洁 簡潔 简短 簡短 简明 简要 精简 精炼 短く 手短 一言で 一句话 \
    간결 짧게 짧은 간단히 간단하게 간략";

/// Only.
const ONLY: &str = "nur lediglich ausschließlich uniquement seulement exclusivement solo sólo solamente únicamente \
    exclusivamente apenas somente só soltanto solamente esclusivamente только лишь исключительно alleen uitsluitend tylko \
    wyłącznie pouze jen iba len yalnızca sadece тільки лише";

/// Verbs and nouns of giving an answer.
const ANSWER: &str = "antwort beantwort gib ausgab ausgeb schreib liefer nenn zurück répon repon retourn renvo écri rédig \
    donn fourni résum génèr sortie output respon respuest devuelv devolv escrib redact proporcion resum gener salida \
    retorn forneça forneç escrev resposta saída rispond rispost restitu scriv fornisc отве верн вывод выведи напиш дай \
    поверн antwoord geef schrijf zwróć odpowied odpovez odpověz yanıt cevap json 输出 返回 回答 回复 答案 给出 生成 总结 写 出力 \
    返し 回答 答え 書 要約 작성 답 출력 반환 요약";

/// Material, or a scope: what "only" may be said of without leaving anything of the answer out.
const SCOPE: &str = "basier basis grundlage kontext contexto contexte context contesto basa base basé basá documento \
    document dokument fuente fonte quelle source источник контекст документ schema esquema схем tabell tabla tabela frage \
    sujet tema ámbito";

/// Refusals.
const REFUSES: &str = "kein keine keinen keinerlei ohne nicht sans pas aucun aucune sin ninguna ningún sem não \
    nenhum nenhuma evite senza non nessun без не никаких ни geen zonder niet bez nie žádné neuváděj olmadan ekleme tanpa \
    không nada nichts rien nic nulla";

/// What is left out of an answer: explanations, comments, openings, all the rest.
const REST: &str = "erklär kommentar erläuter begründung einleitung zusätzlich weitere sonst anrede grußformel floskel \
    explic comment introduc supplémentair superflu autre detail détail détaill adicional coment introd extra rodeos \
    explica explicaç spiegaz commenti aggiunt altro пояснен комментар объяснен лишн дополнительн вступлен ничего кроме \
    uitleg toelichting extra wyjaśn komentarz vysvětl komentář açıklama penjelasan giải além else inutil nada\u{a0}fora nada\u{a0}mais nada\u{a0}más rien\u{a0}d'autre";

/// Whole clauses of Chinese, Japanese and Korean that leave something out of the answer.
const NOTHING_ELSE: &str = "不要解释 不要写任何解释 不要写解释 不要任何解释 无需解释 不需要解释 不做解释 不用解释 不要包含任何其他 不要包含其他 \
    不要输出其他 不要输出任何其他 不要添加任何 不要有任何其他 不要有其他 不要多余 不要额外 不要返回其他 无需其他 不包含任何其他 只需回复 只回复 仅回复 \
    只输出 仅输出 只需输出 仅返回 只返回 只需返回 只回答 仅回答 只给出 仅给出 直接输出 直接返回 直接给出 のみ出力 のみを出力 のみ回答 のみを回答 のみ返 のみを返 \
    だけを出力 だけ出力 だけを返 だけ返 だけ答え 説明は不要 説明不要 説明なし 説明は含め 余計な 以外は出力 以外の文 以外を出力 만 출력 만을 출력 만 답변 만 답하 \
    만 반환 만 작성 만 응답 설명 없이 설명하지 설명은 필요 다른 말 다른 텍스트 다른 내용";

/// Reasoning is asked for.
const REASONS: &str = "schritt\u{a0}für\u{a0}schritt schrittweise begründe étape\u{a0}par\u{a0}étape justifie justifiez \
    paso\u{a0}a\u{a0}paso justifica justifique passo\u{a0}a\u{a0}passo passo\u{a0}dopo\u{a0}passo шаг\u{a0}за\u{a0}шагом \
    пошагово обоснуй обоснова рассуждай stap\u{a0}voor\u{a0}stap krok\u{a0}po\u{a0}kroku adım\u{a0}adım langkah\u{a0}demi\u{a0}langkah \
    từng\u{a0}bước 一步一步 一步步 逐步思考 逐步分析 逐步推理 思维链 思考过程 推理过程 说明理由 给出理由 解释原因 解释理由 \
    ステップバイステップ 段階的に 順を追って 理由を説明 理由も 단계별로 차근차근 이유를 근거를";

/// A guide by steps as the product.
const GUIDES: &str = "anleitung guide guía guia tutorial manual руководств инструкц 指南 教程 手順書 ガイド 가이드";

/// For each of several.
const EACH: &str =
    "jede jeder jedes jeden pro chaque cada ogni кажд elke per każd každ her setiap mỗi 每 各 それぞれ 각";

/// Material to consult.
const MATERIAL: &str = "kontext dokument quellen verlauf contexte documents sources extraits historique contexto documentos fuentes \
    fragmentos historial histórico contesto documenti контекст документ источник истори 上下文 文档 资料 知识库 检索 参考内容 已知信息 \
    コンテキスト 文書 ドキュメント 検索結果 문서 컨텍스트 검색 참고";

/// To rest on what is handed over.
const RESTS: &str = "basier basis grundlage anhand bereitgestellt basé basant base basá basándote basado fourni fournis proporcionad \
    suministrad fornecid fornito basandoti основ опира предоставлен 根据 基于 提供的 以下 もとに 基づ 바탕으로 기반으로";

/// Form of the answer, beside the form's own name.
const FORM: &str = "format formato formát schema esquema struktur structure estructura estrutura objekt objet objeto \
    valid válid формат схем структур валидн 格式 形式 结构 结构体 フォーマット 형식 형태 포맷";

/// A table.
const TABLE: &str = "tabelle tableau tabla tabela tabella таблиц 表格 表形式 표로 표\u{a0}형식";

/// Verbs of making several things.
const MAKES: &str = "generier erstell schreib nenn schlag gib liste formulier génère génér crée créez propos donn écri rédige suggère \
    genera genere crea cree escrib propón propon sugier da dame enumera lista gere crie escreva sugira liste forneça scrivi \
    proponi elenca suggerisci сгенериру созда напиши придума предложи перечисли дай назови составь 给出 列出 生成 提供 提出 推荐 写 挙げ 考え 提案 作成 出し 제안 작성 생성 알려 추천 나열 wygeneruj napisz podaj";

/// What counts pieces in Chinese, Japanese and Korean.
pub(super) const COUNTERS: [&str; 9] = ["个", "条", "點", "点", "種", "种", "つ", "件", "개"];

/// No more than.
const MOST: &str = "maximal höchstens max maximum plus máximo maximo máxima maximo massimo hasta até jusqu bis menos \
    moins meno weniger unter более больше до максимум не maximálne maximálně maximaal hoogstens najwyżej maksymalnie en\u{a0}fazla \
    maksimal tối 不超过 不得超过 最多 至多 以内 之内 以下 控制在 少于 小于 ≤ 最大 以内で 이내 이하 미만 최대 넘지";

/// At least.
const LEAST: &str = "mindestens wenigstens moins\u{a0}de\u{a0}mots au\u{a0}moins al\u{a0}menos mínimo minimo minimum pelo\u{a0}menos almeno \
    не\u{a0}менее минимум minstens co\u{a0}najmniej alespoň 至少 不少于 不低于 以上 最低 최소 이상";

/// About.
const ABOUT: &str = "etwa ungefähr ca circa rund environ aproximadamente unos alrededor cerca около примерно ongeveer około \
    asi 大约 约 左右 程度 ほど 約 약 정도";

/// Numbers in words.
pub(super) const NUMBERS: [(&str, u32); 62] = [
    ("ein", 1),
    ("einem", 1),
    ("einen", 1),
    ("eine", 1),
    ("zwei", 2),
    ("drei", 3),
    ("vier", 4),
    ("fünf", 5),
    ("sechs", 6),
    ("sieben", 7),
    ("acht", 8),
    ("zehn", 10),
    ("un", 1),
    ("une", 1),
    ("deux", 2),
    ("trois", 3),
    ("quatre", 4),
    ("cinq", 5),
    ("six", 6),
    ("sept", 7),
    ("huit", 8),
    ("dix", 10),
    ("una", 1),
    ("dos", 2),
    ("tres", 3),
    ("cuatro", 4),
    ("cinco", 5),
    ("seis", 6),
    ("siete", 7),
    ("ocho", 8),
    ("diez", 10),
    ("um", 1),
    ("uma", 1),
    ("duas", 2),
    ("dois", 2),
    ("três", 3),
    ("quatro", 4),
    ("sete", 7),
    ("oito", 8),
    ("dez", 10),
    ("uno", 1),
    ("due", 2),
    ("tre", 3),
    ("quattro", 4),
    ("cinque", 5),
    ("dieci", 10),
    ("одно", 1),
    ("одним", 1),
    ("одного", 1),
    ("два", 2),
    ("двух", 2),
    ("три", 3),
    ("трёх", 3),
    ("трех", 3),
    ("четыре", 4),
    ("пять", 5),
    ("пяти", 5),
    ("десять", 10),
    ("een", 1),
    ("twee", 2),
    ("drie", 3),
    ("vijf", 5),
];

/// What lengths are counted in.
pub(super) const UNITS: [(LengthUnit, &str); 5] = [
    (
        LengthUnit::Words,
        "wort wörter worten mots mot palabra palavra parole parola слов slov słów woorden woord kelime kata từ 个词 个单词 词 単語 단어",
    ),
    (
        LengthUnit::Sentences,
        "satz sätze sätzen phrase phrases frase frases oracion oración frasi предложени vět viet vety zdania zdań zinnen cümle \
         kalimat câu 句话 个句子 句 文で 文以内 つの文 문장",
    ),
    (
        LengthUnit::Paragraphs,
        "absatz absätze absätzen paragraphe párrafo parágrafo paragraf абзац odstav alinea 个段落 段落 段 문단 단락",
    ),
    (
        LengthUnit::Characters,
        "zeichen caractère caracter caratter символ знак tekens karakter 个字 字以 字左 字符 个汉字 汉字 字 文字 자 글자",
    ),
    (
        LengthUnit::Lines,
        "zeile zeilen ligne línea linea linha righe riga строк řádk 行 줄",
    ),
];

/// Stems of a request's verb.
pub(super) const TASKS: [(Task, &str); 11] = [
    (
        Task::Converse,
        "扮演 聊天 spielst spiele\u{a0}die\u{a0}rolle incarne joue\u{a0}le\u{a0}rôle ролевой",
    ),
    (
        Task::Translate,
        "翻译 翻譯 翻訳 번역 übersetz tradui traduc traduz traduzc переведи перевод vertaal przetłumacz prelož přelož çevir",
    ),
    (
        Task::Summarize,
        "总结 總結 概括 摘要 要約 まとめて 요약 zusammenfass fasse vat résum resum riassum суммир резюмир кратко\u{a0}излож samenvat \
         streszcz podsumuj shrň zhrň özetle",
    ),
    (
        Task::Rewrite,
        "润色 改写 纠正 重写 优化 校对 断句 分句 拆分 书写规范 書き換え 校正 修正して 수정 교정 überarbeite formuliere\u{a0}um verbessere umschreib \
         reformul transforma corrige réécri reescrib mejora reformat reescrev melhor corrija riscriv correggi перепиши исправь улучши \
         переформулиру herschrijf popraw oprav",
    ),
    (
        Task::Extract,
        "提取 抽取 抽出 找出 识别出 추출 extrahier extrai extrae extraig estrai estrarre извле выдели extraheer wyodrębnij wyciągnij",
    ),
    (
        Task::Classify,
        "分类 分類 归类 判断 분류 klassifizier kategorisier ordne clasific classifi категориз классифицир определи\u{a0}категор \
         escolher escolha choisi\u{a0}la elige wähle\u{a0}aus sklasyfikuj",
    ),
    (
        Task::Judge,
        "评分 评估 打分 评价 审核 审查 評価 採点 평가 채점 bewerte beurteil prüfe évalu evalú evalu avalia avalie valuta оцени проверь beoordeel oceń",
    ),
    (
        Task::Code,
        "代码 コード 코드 sql-abfrage sql-anfrage consulta\u{a0}sql requête\u{a0}sql sql-запрос sql查询 sql语句 code programmier código código",
    ),
    (
        Task::Answer,
        "回答 答えて 解释 説明 解答 답변 대답 설명해 beantwort erklär répon expliqu respond respuesta contest explica explique \
         responda rispond spiega ответь отвеча объясни odpovez odpoved odpověz odpowiedz wyjaśnij beantwoord cevapla yanıtla",
    ),
    (
        Task::Write,
        "nenn schlag 撰写 生成 编写 写一 创作 作成 書いて 생성 작성 schreib erstell verfass generier entwirf écri rédig crée génère escrib redact \
         crea genera escrev crie gere elabor scriv напиши сочини придума созда сгенериру составь schrijf napisz wygeneruj napíš yaz",
    ),
    (Task::Plan, "规划 制定计划 計画を plane\u{a0}die planifi спланиру"),
];

/// Words before which what is asked for is named.
pub(super) const YOUR_TASK: &str = "aufgabe tâche mission objectif tarea misión objetivo tarefa compito задач цель zadanie úloha taak görev 任务 目标 \
    タスク 任務 작업 과제";
