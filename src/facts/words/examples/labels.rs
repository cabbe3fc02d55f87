//! Labels of an example's parts, as data: what names an input and what an answer, by the label's last word.

use std::collections::BTreeSet;
use std::sync::LazyLock;

/// Names of answers.
const ANSWERS: &str = "output outputs answer a response label sentiment classification category result assistant ai summary \
    translation json bot verdict intent code sql sqlquery score stars class reply agent completion \
    triplets entities keywords queries query correction corrected solution explanation expected emotion topic \
    title model tags rating tweet question standalone conclusion block command feedback statements \
    verdicts truths claims rewritten after out target ausgabe antwort salida \
    respuesta sortie réponse saída resposta risposta 输出 回答 答案 出力 答え 결과 출력 답변 вывод ответ выход";

/// Names of inputs.
const INPUTS: &str = "input inputs question q text user human sentence context query complaint review email tweet problem \
    document passage statement customer comment url premise request message prompt article paragraph \
    utterance criteria conversation word source english task information scenario command code original \
    description example product topic turns instruction before content data ticket history in eingabe \
    frage entrada pregunta texto entrée texte pergunta domanda testo 输入 问题 文本 入力 質問 文章 입력 질문 ввод вход вопрос \
    текст";

/// Labels that name an answer.
pub(super) fn answers(label: &str) -> bool {
    static WORDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| ANSWERS.split_whitespace().collect());
    label.starts_with("rewritten") || WORDS.contains(last(label))
}

/// Labels that name an input.
pub(super) fn inputs(label: &str) -> bool {
    static WORDS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| INPUTS.split_whitespace().collect());
    WORDS.contains(last(label))
}

fn last(label: &str) -> &str {
    label.rsplit([' ', '/']).next().unwrap_or("")
}
