//! CRC-64 as object stores compute it (ECMA-182, reflected).

const POLYNOMIAL: u64 = 0xC96C_5795_D787_0F42;

/// Eight tables, so that eight bytes are taken at a time.
static TABLES: [[u64; 256]; 8] = tables();

const fn tables() -> [[u64; 256]; 8] {
    let mut tables = [[0; 256]; 8];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u64;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ POLYNOMIAL } else { crc >> 1 };
            bit += 1;
        }
        tables[0][byte] = crc;
        byte += 1;
    }
    let mut table = 1;
    while table < 8 {
        let mut byte = 0;
        while byte < 256 {
            let before = tables[table - 1][byte];
            tables[table][byte] = (before >> 8) ^ tables[0][(before & 0xFF) as usize];
            byte += 1;
        }
        table += 1;
    }
    tables
}

/// A checksum that is being computed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Crc64(u64);

impl Crc64 {
    /// Takes more bytes in.
    pub(crate) fn update(&mut self, bytes: &[u8]) {
        let mut crc = !self.0;
        let (blocks, rest) = bytes.as_chunks::<8>();
        for block in blocks {
            let mixed = crc ^ u64::from_le_bytes(*block);
            crc = (0..8)
                .fold(0, |sum, index| sum ^ TABLES[7 - index][((mixed >> (8 * index)) & 0xFF) as usize]);
        }
        for byte in rest {
            crc = (crc >> 8) ^ TABLES[0][((crc ^ u64::from(*byte)) & 0xFF) as usize];
        }
        self.0 = !crc;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_value_comes_out() {
        let mut crc = Crc64::default();
        crc.update(b"123456789");
        assert_eq!(crc.0, 0x995D_C9BB_DF19_39FA);
        let mut parts = Crc64::default();
        parts.update(b"12");
        parts.update(b"345678");
        parts.update(b"9");
        assert_eq!(parts, crc);
    }
}
