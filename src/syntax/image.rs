//! The width and height of an image, from the first bytes of its file or of a `data:` address.

/// Bytes that are looked through: a JPEG may have its size behind a preview.
const LOOKED_AT: usize = 1 << 16;

/// Width and height, pixels, of a PNG, GIF, JPEG or WebP; `None` for all else, and where the bytes break off before.
pub fn pixels(bytes: &[u8]) -> Option<(u32, u32)> {
    let big = |at: usize| Some(u32::from(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    let little = |at: usize| Some(u32::from(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?)));
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.get(12..16)? == b"IHDR" {
        let word = |at: usize| Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?));
        return Some((word(16)?, word(20)?));
    }
    if bytes.starts_with(b"GIF8") {
        return Some((little(6)?, little(8)?));
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12)? == b"WEBP" {
        let three = |at: usize| {
            let bytes = bytes.get(at..at + 3)?;
            Some(1 + (u32::from(bytes[0]) | u32::from(bytes[1]) << 8 | u32::from(bytes[2]) << 16))
        };
        return match bytes.get(12..16)? {
            b"VP8 " => Some((little(26)? & 0x3fff, little(28)? & 0x3fff)),
            b"VP8L" => {
                let bits = u32::from_le_bytes(bytes.get(21..25)?.try_into().ok()?);
                Some(((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1))
            }
            b"VP8X" => Some((three(24)?, three(27)?)),
            _ => None,
        };
    }
    if bytes.starts_with(b"\xff\xd8") {
        let mut at = 2;
        while *bytes.get(at)? == 0xff {
            match *bytes.get(at + 1)? {
                0xff => at += 1,
                // Frames of all kinds; not tables of codes (c4, cc) nor extensions (c8).
                0xc0..=0xc3 | 0xc5..=0xc7 | 0xc9..=0xcb | 0xcd..=0xcf => return Some((big(at + 7)?, big(at + 5)?)),
                0x01 | 0xd0..=0xd8 => at += 2,
                _ => at += 2 + (big(at + 2)? as usize).max(2),
            }
        }
    }
    None
}

/// Width and height of the image that base64 holds, from its start.
pub fn pixels_of_base64(text: &str) -> Option<(u32, u32)> {
    let mut bytes = Vec::new();
    let (mut bits, mut count) = (0_u32, 0);
    for digit in text.bytes().take(LOOKED_AT) {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            b'\r' | b'\n' => continue,
            _ => break,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
        }
    }
    pixels(&bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    // The bytes are written by hand from each format's description.

    #[test]
    fn sizes_of_formats() {
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR\0\0\x04\0\0\0\x03\0\x08\x06";
        assert_eq!(pixels(png), Some((1024, 768)));
        assert_eq!(pixels(b"GIF89a\x40\x01\xf0\0rest"), Some((320, 240)));
        let jpeg = b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08\x02\x58\x03\x20\x03";
        assert_eq!(pixels(jpeg), Some((800, 600)));
        let webp = b"RIFF\0\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\x7f\x07\0\x37\x04\0";
        assert_eq!(pixels(webp), Some((1920, 1080)));
        for cut in 0..png.len() - 2 {
            assert_eq!(pixels(&png[..cut]), None);
        }
        assert_eq!(pixels(b"\xff\xd8\xff\xe0\0\0\xff"), None);
        assert_eq!(pixels_of_base64("R0lGODlhQAHwAA=="), Some((320, 240)));
        assert_eq!(pixels_of_base64("{{ image }}"), None);
    }
}
