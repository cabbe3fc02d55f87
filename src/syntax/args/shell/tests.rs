use super::*;
use crate::source::Span;
use crate::syntax::args::testing::look;

fn split(script: &str) -> Vec<Command> {
    split_shell(&Text::verbatim(script, 0), SourceId(0), &look).unwrap()
}

/// Commands as lists of words, `?` for one that can't be told, assignments in front.
fn shown(script: &str) -> Vec<Vec<String>> {
    let value = |word: &Word| word.value.clone().unwrap_or_else(|_| "?".into());
    split(script)
        .iter()
        .map(|command| {
            let env = command.env.iter().map(|(name, word)| format!("{name}={}", value(word)));
            env.chain(command.words.iter().map(value)).collect()
        })
        .collect()
}

#[test]
fn scripts_split_as_a_posix_shell_does() {
    for (script, expected) in [
        (
            "a 'b c' \"d $MODEL\" e\\ f",
            vec![vec!["a", "b c", "d org/model", "e f"]],
        ),
        ("a \\\n  -b # c 'd\ne", vec![vec!["a", "-b"], vec!["e"]]),
        (
            "a&&b||c;d|e&\nf",
            vec![vec!["a"], vec!["b"], vec!["c"], vec!["d"], vec!["e"], vec!["f"]],
        ),
        (
            "A=1 B='x y' exec c >/dev/null 2>&1 <in &>out d",
            vec![vec!["A=1", "B=x y", "c", "d"]],
        ),
        (
            "a x$ARGS\"$ARGS\" $EMPTY ''",
            vec![vec!["a", "x", "--a", "1", "--b", " --a 1  --b ", ""]],
        ),
        ("a '' \"$EMPTY\" b\"\"", vec![vec!["a", "", "", "b"]]),
        (
            "set -e\nexport M=$MODEL; a $M ${M}",
            vec![
                vec!["set", "-e"],
                vec!["M=org/model"],
                vec!["a", "org/model", "org/model"],
            ],
        ),
        (
            "a ${X:-b} ${X:-${Y:-$MODEL}} ${EMPTY:-c} ${EMPTY-d}${MODEL:+e}",
            vec![vec!["a", "b", "org/model", "c", "e"]],
        ),
        (
            "a $X --m=$X *.txt $(b 'c)' \"$(d)\") `e f` ~/g $1 ${X#y} $SECRET",
            vec![vec!["a", "?", "--m", "?", "?", "?", "?", "?", "?", "?", "?"]],
        ),
        (
            "a '*' \"[x]\" '{\"k\":1,\"l\":2}' {x} {x,y} $",
            vec![vec!["a", "*", "[x]", "{\"k\":1,\"l\":2}", "{x}", "?", "$"]],
        ),
        (
            "cat <<-'E' <<F; a\n b 'c\n\tE\n\td \"\nF\ne",
            vec![vec!["cat"], vec!["a"], vec!["e"]],
        ),
        (
            "if [ -n x ]; then a; else b; fi; ( c ) ; { d; }",
            vec![vec!["[", "-n", "x", "]"], vec!["a"], vec!["b"], vec!["c"], vec!["d"]],
        ),
        (
            "for i in 1 2; do a $i; done\ncase $x in y|z) b;; *) c ;; esac; d",
            vec![vec!["a", "?"], vec!["b"], vec!["c"], vec!["d"]],
        ),
        (
            "f() { a; }; [ x ] && M=1 || N=2; b $M $N",
            vec![
                vec!["a"],
                vec!["[", "x", "]"],
                vec!["M=?"],
                vec!["N=?"],
                vec!["b", "?", "?"],
            ],
        ),
        (
            "echo \"${X:-it's}\" \"a`b`\" a#b",
            vec![vec!["echo", "it's", "?", "a#b"]],
        ),
    ] {
        assert_eq!(shown(script), expected, "{script}");
    }
}

#[test]
fn a_variable_counts_where_the_script_alone_decides_it() {
    // The words of the last command.
    for (script, expected) in [
        ("M=a; M=b; c $M", "c b"),
        ("M=a; if x; then M=b; fi; c $M", "c ?"),
        ("if x; then M=b; c $M; fi", "c b"),
        ("if x; then M=b; else c $M; fi", "c ?"),
        ("M=a; for i in 1 2; do if x; then M=b; fi; c $M; done", "c ?"),
        ("M=a; f() { c $M; }; f", "f"),
        ("f() { local M=a; c $M; }", "c a"),
        ("f() { M=b; }; M=a; f; c $M", "c ?"),
        ("function f { M=b; }\nc $M", "c ?"),
        ("M=a; read -r M; c $M", "c ?"),
        ("M=a; source env.sh; c $M ${N:-x}", "c ? ?"),
        (
            "M=a; . /venv/bin/activate; eval \"$(conda shell.bash hook)\"; c $M",
            "c a",
        ),
        ("M=a; eval \"$(cat env)\"; c $M", "c ?"),
        (": ${M:=a}; c $M", "c a"),
        ("M=a; M+=' b'; c $M", "c a b"),
        ("grep -q x f && M=1; c $M", "c ?"),
        ("cd d && M=1 && c $M", "c 1"),
        ("A=(-a 1 # one\n \"b c\")\nc \"${A[@]}\" ${A[@]}; d $A", "d ?"),
        ("A=(-a 1 # one\n \"b c\")\nc \"${A[@]}\"", "c -a 1 b c"),
        ("A=(a); A+=(b); if x; then A+=(c); fi; d \"${A[@]}\"", "d a b ?"),
        ("A=(a); if x; then A=(c); fi; d \"${A[@]}\"", "d ?"),
        ("A=(a $(b)); d \"${A[@]}\" \"${A[0]}\"", "d a ? ?"),
    ] {
        assert_eq!(
            shown(script).last().map(|words| words.join(" ")).as_deref(),
            Some(expected),
            "{script}"
        );
    }
}

#[test]
fn words_keep_their_places() {
    let script = "a --m=$X \"b\"";
    let places: Vec<_> = split(script)[0]
        .words
        .iter()
        .map(|word| &script[word.place.span.start..word.place.span.end])
        .collect();
    assert_eq!(places, ["a", "--m", "$X", "\"b\""]);
    let error = |script: &str| {
        split_shell(&Text::verbatim(script, 10), SourceId(0), &look)
            .unwrap_err()
            .span
    };
    assert_eq!(error("a 'b"), Span::new(12, 13));
    assert_eq!(error("a \"b 'c'"), Span::new(12, 13));
    assert_eq!(error("a $(b"), Span::new(12, 14));
}

#[test]
fn hostile_scripts_end_soon_in_bounded_memory() {
    let started = std::time::Instant::now();
    let big = |name: &str| (name == "A").then(|| Ok("x ".repeat(10_000)));
    for script in [
        "$A".repeat(100_000),
        "\"$(".repeat(200_000),
        "${A:-".repeat(200_000),
        "${B:-".repeat(100_000) + &"}".repeat(100_000),
        "<<a ".repeat(100_000) + &"\nb".repeat(100_000),
        "B=$B$B$B$A;".repeat(10_000),
        "(".repeat(500_000),
        "{,}".repeat(300_000),
        "{}".repeat(300_000),
        "case a in ".repeat(100_000),
        "if ".repeat(100_000),
        "'".repeat(500_001),
        "A=(".repeat(100_000),
        format!("A=(x){}", ";A=(\"${A[@]}\" \"${A[@]}\")".repeat(10_000)),
        "if x; then M=1; A+=(b); ".repeat(20_000) + &"fi;".repeat(20_000),
    ] {
        let text = Text::verbatim(&script, 0);
        if let Ok(commands) = split_shell(&text, SourceId(0), &big) {
            let bytes: usize = commands
                .iter()
                .flat_map(|command| &command.words)
                .map(|word| word.value.as_ref().map_or(0, String::len))
                .sum();
            assert!(bytes <= script.len() + EXPANSION_LIMIT);
        }
    }
    assert!(started.elapsed().as_secs() < 60);
}

proptest::proptest! {
    #[test]
    fn any_script_gives_words_with_places_inside_it(picks in proptest::collection::vec(0..40usize, 0..40)) {
        const PARTS: [&str; 40] = [
            "a", "é", " ", "\n", "\r\n", "\\", "'", "\"", "`", "$", "$(", "${", "}", ")", "(", "A", ":-", "=", "<", ">",
            "<<", "|", "&", ";", ";;", "#", "~", "*", "[", "]", "{", ",", "case ", " in ", "esac", "for ", "export ",
            "$'", "-", "2",
        ];
        let script: String = picks.into_iter().map(|pick| PARTS[pick]).collect();
        match split_shell(&Text::verbatim(&script, 0), SourceId(0), &look) {
            Ok(commands) => for command in commands {
                for word in command.words.iter().chain(command.env.iter().map(|(_, word)| word)) {
                    let span = word.place.span;
                    assert!(script.get(span.start..span.end).is_some());
                }
            },
            Err(error) => assert!(script.get(error.span.start..error.span.end).is_some()),
        }
    }
}
