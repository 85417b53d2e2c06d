//! A matcher as bytes: versioned, with a checksum, and checked in every part when it is read.

use std::path::Path;

use super::calibration::Calibration;
use super::centroid::Centroid;
use super::hash::checksum;
use super::network::Network;
use super::reading;
use super::rows::Rows;
use super::spelling::Spelling;
use super::vocabulary::Vocabulary;
use super::{Error, Leads, Matcher, Method, Model, Thresholds, Training};

/// The format of model files. A model of another format is refused and must be trained again.
pub const FORMAT: u32 = 4;
const MAGIC: &[u8; 8] = b"ATTNDFAQ";
/// Magic, format, how messages are read, and checksum of the rest.
const HEAD: usize = 8 + 4 + 8 + 8;

impl Matcher {
    /// The matcher as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut body = Writer::default();
        body.count(self.answers.len());
        self.answers.iter().for_each(|id| body.text(id));
        body.words(self.vocabulary.keys());
        body.floats(self.vocabulary.rarity());
        body.float(self.vocabulary.unknown());
        body.byte(u8::from(self.vocabulary.across()));
        body.text(&self.spelling.words());
        body.words(self.spelling.counts());
        match &self.model {
            Model::Centroid(centroid) => {
                body.byte(1);
                body.words(&centroid.starts);
                body.words(&centroid.postings.iter().map(|posting| posting.0).collect::<Vec<_>>());
                body.floats(&centroid.postings.iter().map(|posting| posting.1).collect::<Vec<_>>());
            }
            Model::Network(network) => {
                body.byte(2);
                body.rows(&network.rows);
                body.floats(&network.bias);
                body.floats(&network.output);
                body.floats(&network.output_bias);
                body.rows(&network.direct);
            }
        }
        body.float(self.calibration.slope);
        body.float(self.calibration.offset);
        body.float(self.thresholds.answer);
        body.float(self.thresholds.suggest);
        body.float(self.leads.whole);
        body.float(self.leads.last);
        body.byte(match self.training.method {
            Method::Auto => 0,
            Method::Centroid => 1,
            Method::Network => 2,
        });
        body.count(self.training.examples);
        body.count(self.training.skipped);
        body.float(self.training.accuracy);
        body.float(self.training.other_accuracy.unwrap_or(-1.0));
        body.long(self.training.fingerprint);
        let mut bytes = Vec::with_capacity(HEAD + body.0.len());
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(&FORMAT.to_le_bytes());
        bytes.extend_from_slice(&reading::fingerprint().to_le_bytes());
        bytes.extend_from_slice(&checksum(&body.0).to_le_bytes());
        bytes.extend_from_slice(&body.0);
        bytes
    }

    /// Reads what [`to_bytes`](Self::to_bytes) wrote. Whatever else the bytes are, the outcome is an error and never a panic.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        let mut head = Reader(bytes);
        if head.take(8).ok().is_none_or(|magic| magic != MAGIC) {
            return Err(Error::NotAModel);
        }
        let found = head.word()?;
        if found != FORMAT {
            return Err(Error::OtherVersion { found, expected: FORMAT });
        }
        if head.long()? != reading::fingerprint() {
            return Err(Error::OtherReading);
        }
        let expected = head.long()?;
        if checksum(head.0) != expected {
            return Err(Error::Damaged("the checksum is wrong: cut off or changed"));
        }
        let mut body = Reader(head.0);
        let matcher = body.matcher()?;
        if body.0.is_empty() { Ok(matcher) } else { Err(Error::Damaged("bytes are left over")) }
    }

    /// Writes the matcher to a file: beside it first, then in its place, so that a reader never meets half a model.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        let failed = |source| Error::File { path: path.to_owned(), source };
        let mut beside = path.as_os_str().to_owned();
        beside.push(format!(".{}.new", std::process::id()));
        std::fs::write(&beside, self.to_bytes()).map_err(failed)?;
        std::fs::rename(&beside, path).map_err(failed)
    }

    /// Reads a matcher from a file.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let bytes = std::fs::read(path).map_err(|source| Error::File { path: path.to_owned(), source })?;
        Self::from_bytes(&bytes)
    }
}

#[derive(Default)]
struct Writer(Vec<u8>);

impl Writer {
    fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    fn long(&mut self, long: u64) {
        self.0.extend_from_slice(&long.to_le_bytes());
    }

    fn count(&mut self, count: usize) {
        self.long(count as u64);
    }

    fn float(&mut self, float: f32) {
        self.0.extend_from_slice(&float.to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.count(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn rows(&mut self, rows: &Rows) {
        self.count(rows.width);
        self.bytes(&rows.numbers);
        self.floats(&rows.scales);
    }

    fn words(&mut self, words: &[u32]) {
        self.count(words.len());
        for word in words {
            self.0.extend_from_slice(&word.to_le_bytes());
        }
    }

    fn floats(&mut self, floats: &[f32]) {
        self.count(floats.len());
        for float in floats {
            self.float(*float);
        }
    }
}

struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    fn take(&mut self, length: usize) -> Result<&'b [u8], Error> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(Error::Damaged("it ends too early"))?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(Error::Damaged("it ends too early"))?;
        self.0 = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, Error> {
        self.array().map(|[byte]: [u8; 1]| byte)
    }

    fn word(&mut self) -> Result<u32, Error> {
        self.array().map(u32::from_le_bytes)
    }

    fn long(&mut self) -> Result<u64, Error> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number of things that take at least `size` bytes each: never more than what is left can hold.
    fn count(&mut self, size: usize) -> Result<usize, Error> {
        let count = usize::try_from(self.long()?).map_err(|_| Error::Damaged("a count is too large"))?;
        let fits = count.checked_mul(size).is_some_and(|bytes| bytes <= self.0.len());
        if fits { Ok(count) } else { Err(Error::Damaged("a count is larger than the file")) }
    }

    fn number(&mut self) -> Result<usize, Error> {
        usize::try_from(self.long()?).map_err(|_| Error::Damaged("a number is too large"))
    }

    fn float(&mut self) -> Result<f32, Error> {
        let float = self.array().map(f32::from_le_bytes)?;
        if float.is_finite() { Ok(float) } else { Err(Error::Damaged("a number is not finite")) }
    }

    fn text(&mut self) -> Result<String, Error> {
        let length = self.count(1)?;
        let bytes = self.take(length)?;
        String::from_utf8(bytes.to_vec()).map_err(|_| Error::Damaged("text is not text"))
    }

    fn words(&mut self) -> Result<Vec<u32>, Error> {
        let length = self.count(4)?;
        let (words, _) = self.take(length * 4)?.as_chunks::<4>();
        Ok(words.iter().map(|word| u32::from_le_bytes(*word)).collect())
    }

    fn floats(&mut self) -> Result<Vec<f32>, Error> {
        let length = self.count(4)?;
        (0..length).map(|_| self.float()).collect()
    }

    fn matcher(&mut self) -> Result<Matcher, Error> {
        let count = self.count(8)?;
        let answers = (0..count).map(|_| self.text()).collect::<Result<Vec<_>, _>>()?;
        if answers.is_empty() {
            return Err(Error::Damaged("it has no answers"));
        }
        let keys = self.words()?;
        let (rarity, unknown, across) = (self.floats()?, self.float()?, self.byte()? == 1);
        let vocabulary = Vocabulary::from_parts(keys, rarity, unknown, across)
            .ok_or(Error::Damaged("the vocabulary contradicts itself"))?;
        let words = self.text()?;
        let spelling =
            Spelling::from_parts(&words, self.words()?).ok_or(Error::Damaged("the words contradict themselves"))?;
        let model = match self.byte()? {
            1 => Model::Centroid(self.centroid(vocabulary.len(), answers.len())?),
            2 => Model::Network(self.network(vocabulary.len(), answers.len())?),
            _ => return Err(Error::Damaged("the method is unknown")),
        };
        let calibration = Calibration { slope: self.float()?, offset: self.float()? };
        let thresholds = Thresholds { answer: self.float()?, suggest: self.float()? };
        let leads = Leads { whole: self.float()?, last: self.float()? };
        let method = match self.byte()? {
            1 => Method::Centroid,
            2 => Method::Network,
            _ => return Err(Error::Damaged("the method is unknown")),
        };
        let training = Training {
            method,
            examples: self.number()?,
            skipped: self.number()?,
            accuracy: self.float()?,
            other_accuracy: Some(self.float()?).filter(|accuracy| *accuracy >= 0.0),
            fingerprint: self.long()?,
        };
        Ok(Matcher { answers, vocabulary, spelling, model, calibration, thresholds, leads, training })
    }

    fn rows(&mut self) -> Result<Rows, Error> {
        let width = self.number()?;
        let length = self.count(1)?;
        let numbers = self.take(length)?.to_vec();
        Ok(Rows { width, numbers, scales: self.floats()? })
    }

    fn network(&mut self, features: usize, answers: usize) -> Result<Network, Error> {
        let (rows, bias) = (self.rows()?, self.floats()?);
        let (output, output_bias) = (self.floats()?, self.floats()?);
        let network = Network { answers, rows, bias, output, output_bias, direct: self.rows()? };
        if network.is_sound(features, answers) {
            Ok(network)
        } else {
            Err(Error::Damaged("the network contradicts itself"))
        }
    }

    fn centroid(&mut self, features: usize, answers: usize) -> Result<Centroid, Error> {
        let starts = self.words()?;
        let owners = self.words()?;
        let weights = self.floats()?;
        let sound = starts.len() == features + 1
            && starts.first() == Some(&0)
            && starts.is_sorted()
            && starts.last().is_some_and(|&last| last as usize == owners.len())
            && owners.len() == weights.len()
            && owners.iter().all(|&owner| (owner as usize) < answers);
        if sound {
            Ok(Centroid::new(starts, owners.into_iter().zip(weights).collect(), answers))
        } else {
            Err(Error::Damaged("the centroids contradict themselves"))
        }
    }
}
