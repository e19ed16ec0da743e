//! Medians, minima, and how they are written.

/// The figures of one program over all rounds.
#[derive(Default)]
pub(super) struct Figures(Vec<f64>);

impl Figures {
    pub(super) fn add(&mut self, figure: f64) {
        self.0.push(figure);
    }

    /// The middle one.
    pub(super) fn median(&self) -> f64 {
        let mut sorted = self.0.clone();
        sorted.sort_by(f64::total_cmp);
        match sorted.len() {
            0 => f64::NAN,
            count if count % 2 == 1 => sorted[count / 2],
            count => f64::midpoint(sorted[count / 2 - 1], sorted[count / 2]),
        }
    }

    /// The smallest: what the work costs when nothing disturbs it.
    pub(super) fn minimum(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::min)
    }

    fn maximum(&self) -> f64 {
        self.0.iter().copied().fold(f64::NAN, f64::max)
    }

    /// Median and range.
    pub(super) fn shown(&self) -> String {
        format!("{} ({}–{})", digits(self.median()), digits(self.minimum()), digits(self.maximum()))
    }
}

/// `×1.07 (minima ×1.05)`.
pub(super) fn ratio(of: &Figures, to: &Figures) -> String {
    format!("×{:.2} (minima ×{:.2})", of.median() / to.median(), of.minimum() / to.minimum())
}

fn digits(figure: f64) -> String {
    if figure < 100.0 { format!("{figure:.1}") } else { format!("{figure:.0}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(figures: &[f64]) -> Figures {
        Figures(figures.to_vec())
    }

    #[test]
    fn median_ignores_an_outlier() {
        assert!((of(&[3.0, 900.0, 1.0]).median() - 3.0).abs() < 1e-9);
        assert!((of(&[1.0, 2.0, 4.0, 900.0]).median() - 3.0).abs() < 1e-9);
    }

    #[test]
    fn ratio_names_both_medians_and_minima() {
        assert_eq!(ratio(&of(&[2.0, 3.0, 4.0]), &of(&[1.0, 2.0, 3.0])), "×1.50 (minima ×2.00)");
    }
}
