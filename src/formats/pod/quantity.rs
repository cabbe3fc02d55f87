//! Amounts as Kubernetes writes them: whole numbers, bytes, `500m`.

use rust_decimal::Decimal;

use crate::formats::Reading;
use crate::syntax::Node;
use crate::units::Field;

/// A stated whole number, or why it is none.
pub(in crate::formats) fn whole(reading: &Reading<'_>, node: Option<&Node>) -> Field<u64> {
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return Field::default();
    };
    let place = reading.place(node.span);
    match node.as_str().map(|text| (text, text.trim().parse())) {
        Some((_, Ok(number))) => Field::Known(number, place),
        Some((text, Err(_))) => Field::Unknown(format!("`{text}` is not a whole number"), Some(place)),
        None => Field::Unknown("not written as a number".to_owned(), Some(place)),
    }
}

/// A stated quantity of bytes (`16Gi`), or why it is none.
pub(in crate::formats) fn bytes(reading: &Reading<'_>, node: Option<&Node>) -> Field<u64> {
    amount(reading, node).and_then(|amount| {
        u64::try_from(amount.trunc()).map_err(|_| format!("`{amount}` bytes are more than can be counted"))
    })
}

/// A stated quantity, or why it is none.
pub(in crate::formats) fn amount(reading: &Reading<'_>, node: Option<&Node>) -> Field<Decimal> {
    let Some(node) = node.filter(|node| !node.is_null()) else {
        return Field::default();
    };
    let place = reading.place(node.span);
    let text = node.as_str().unwrap_or_default();
    match quantity(text) {
        Some(amount) => Field::Known(amount, place),
        None => Field::Unknown(format!("`{text}` is not a quantity that Kubernetes reads"), Some(place)),
    }
}

/// Reads a quantity of Kubernetes: `500m`, `1.5Gi`, `2e3`, `10G`.
/// <https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/>
pub(super) fn quantity(text: &str) -> Option<Decimal> {
    let text = text.trim();
    let digits = text
        .bytes()
        .take_while(|byte| byte.is_ascii_digit() || *byte == b'.')
        .count();
    let (number, suffix) = text.split_at(digits);
    let number: Decimal = number.parse().ok()?;
    let scale = match suffix {
        "" => Decimal::ONE,
        "n" => Decimal::new(1, 9),
        "u" => Decimal::new(1, 6),
        "m" => Decimal::new(1, 3),
        "k" => Decimal::from(1_000_u64),
        "M" => Decimal::from(1_000_000_u64),
        "G" => Decimal::from(1_000_000_000_u64),
        "T" => Decimal::from(1_000_000_000_000_u64),
        "P" => Decimal::from(1_000_000_000_000_000_u64),
        "E" => Decimal::from(1_000_000_000_000_000_000_u64),
        "Ki" => Decimal::from(1_u64 << 10),
        "Mi" => Decimal::from(1_u64 << 20),
        "Gi" => Decimal::from(1_u64 << 30),
        "Ti" => Decimal::from(1_u64 << 40),
        "Pi" => Decimal::from(1_u64 << 50),
        "Ei" => Decimal::from(1_u64 << 60),
        exponent if exponent.starts_with(['e', 'E']) => return Decimal::from_scientific(text).ok(),
        _ => return None,
    };
    number.checked_mul(scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities_are_those_of_kubernetes() {
        let read = |text: &str| quantity(text).map(|amount| amount.normalize().to_string());
        for (text, amount) in [
            ("500m", "0.5"),
            ("1.5Gi", "1610612736"),
            ("2e3", "2000"),
            ("10G", "10000000000"),
            ("0", "0"),
            (".5", "0.5"),
            ("1E", "1000000000000000000"),
        ] {
            assert_eq!(read(text).as_deref(), Some(amount), "{text}");
        }
        for not in [
            "",
            "-1",
            "1gb",
            "Gi",
            "1 Gi",
            "9e99",
            "99999999999999999999Ei",
            "{{ x }}",
        ] {
            assert_eq!(read(not), None, "{not}");
        }
    }
}
