//! Where the Fourier coefficients stand between the Legendre sums and the Fourier transforms.
//!
//! The Legendre sums of a synthesis write wavenumber by wavenumber, its Fourier transforms read line by line of latitude
//! pairs; in an analysis it is the other way round. Coefficients are kept in the order in which they are written, so that
//! threads share nothing, and four wavenumbers side by side, so that what is read in the other order comes in pieces of a
//! kilobyte. Towards the poles, where the functions of a wavenumber vanish, it has no coefficients at all.

use super::lanes::{LANES, Lane, Line};

/// Wavenumbers that stand side by side.
pub(super) const GROUP: usize = 4;
/// North re, north im, south re, south im.
pub(super) const PARTS: usize = 4;
/// Lines of one column and one line of pairs in one group.
pub(super) const PIECE: usize = GROUP * PARTS;

/// Places of the coefficients of any number of columns (fields, or components of vector fields).
///
/// By wave: [group][column][line of pairs][wavenumber of the group][part]. By line:
/// [line of pairs][group][column][wavenumber of the group][part].
/// Lines of pairs of a group start with the first on which one of its wavenumbers matters.
#[derive(Debug)]
pub(super) struct Layout {
    wavenumbers: usize,
    lines: usize,
    /// First line of pairs, by group.
    first_line: Vec<usize>,
    /// Pieces of one column before each group, and altogether.
    before_group: Vec<usize>,
    /// Number of groups, by line of pairs.
    groups: Vec<usize>,
    /// Pieces of one column before each line of pairs, and altogether.
    before_line: Vec<usize>,
}

/// Bytes of coefficients above which they are not in the second cache when their other stage comes.
const FEW: usize = 2 << 20;

/// Pieces from one column to the next: odd, since the columns of one line of pairs would else, with a power of two, be in the same
/// places of the caches.
#[inline(always)]
pub(super) fn spaced(lines: usize) -> usize {
    lines | 1
}

impl Layout {
    /// For sums in precision W on `blocks` blocks of latitudes, of which wavenumber m needs those from `first_block[m]` on.
    pub(super) fn new<W: Lane>(blocks: usize, first_block: &[usize]) -> Self {
        let first_line: Vec<usize> = first_block.iter().map(|block| block * W::BLOCK_LINES).collect();
        Self::on_lines(blocks * W::BLOCK_LINES, &first_line)
    }

    /// For `lines` lines, of which wavenumber m needs those from `first[m]` on.
    pub(super) fn on_lines(lines: usize, first: &[usize]) -> Self {
        let wavenumbers = first.len();
        let mut first_line: Vec<usize> =
            first.chunks(GROUP).map(|lines_of| lines_of.iter().copied().min().unwrap_or(lines)).collect();
        // A line has the groups up to its last one.
        for group in (1..first_line.len()).rev() {
            first_line[group - 1] = first_line[group - 1].min(first_line[group]);
        }
        let groups: Vec<usize> =
            (0..lines).map(|line| first_line.iter().filter(|&&first| first <= line).count()).collect();
        let before = |counts: &mut dyn Iterator<Item = usize>| {
            let mut before = vec![0];
            for count in counts {
                before.push(before[before.len() - 1] + count);
            }
            before
        };
        let before_group = before(&mut first_line.iter().map(|first| spaced(lines - first)));
        let before_line = before(&mut groups.iter().copied());
        Self { wavenumbers, lines, first_line, before_group, groups, before_line }
    }

    /// Whether a wavenumber has coefficients on a line of pairs.
    pub(super) fn has(&self, m: usize, line: usize) -> bool {
        line < self.lines && self.first_line[m / GROUP] <= line
    }

    /// Number of lines of pairs.
    pub(super) fn lines(&self) -> usize {
        self.lines
    }

    /// The first line of pairs of each group of wavenumbers.
    pub(super) fn first_lines(&self) -> &[usize] {
        &self.first_line
    }

    /// Number of groups of wavenumbers.
    pub(super) fn group_count(&self) -> usize {
        self.first_line.len()
    }

    /// The wavenumbers of a group.
    pub(super) fn wavenumbers(&self, group: usize) -> std::ops::Range<usize> {
        group * GROUP..self.wavenumbers.min((group + 1) * GROUP)
    }

    /// Number of wavenumbers that have coefficients on a line of pairs.
    pub(super) fn wavenumbers_on(&self, line: usize) -> usize {
        self.wavenumbers.min(self.groups[line] * GROUP)
    }

    /// Lines of all coefficients, in either order.
    pub(super) fn len(&self, columns: usize) -> usize {
        let [by_line, by_wave] = [self.before_line[self.lines], self.before_group[self.group_count()]];
        columns * by_line.max(by_wave) * PIECE
    }

    /// Whether coefficients have to be asked for before they are needed.
    pub(super) fn are_many(&self, columns: usize) -> bool {
        self.len(columns) * size_of::<Line>() > FEW
    }

    /// First line of each group's coefficients by wave, and of what follows them.
    pub(super) fn group_offsets(&self, columns: usize) -> impl Iterator<Item = usize> {
        self.before_group.iter().map(move |before| columns * before * PIECE)
    }

    /// First line of each line's coefficients by line, and of what follows them.
    pub(super) fn line_offsets(&self, columns: usize) -> impl Iterator<Item = usize> {
        self.before_line.iter().map(move |before| columns * before * PIECE)
    }

    /// Places of wavenumber m within its group by wave.
    pub(super) fn within_group(&self, group: usize, m: usize) -> Places {
        let first_line = self.first_line[group];
        let per_column = spaced(self.lines - first_line) * PIECE;
        Places { first: m % GROUP * PARTS, first_line, per_column, per_line: PIECE }
    }

    /// Place of the first coefficients of a group of one column and line of pairs by wave.
    #[inline(always)]
    pub(super) fn by_wave(&self, columns: usize, group: usize, column: usize, line: usize) -> usize {
        let first = self.first_line[group];
        (columns * self.before_group[group] + column * spaced(self.lines - first) + line - first) * PIECE
    }

    /// `[part]` of a wavenumber, column and line of pairs in `store`, by wave; zeros where its functions do not matter.
    #[inline(always)]
    pub(super) fn of_wave<'a>(
        &self,
        store: &'a [Line],
        columns: usize,
        m: usize,
        column: usize,
        line: usize,
    ) -> &'a [Line] {
        static NOTHING: [Line; PARTS] = [Line([0.0; LANES]); PARTS];
        if !self.has(m, line) {
            return &NOTHING;
        }
        let place = self.by_wave(columns, m / GROUP, column, line) + m % GROUP * PARTS;
        &store[place..place + PARTS]
    }

    /// Place of the coefficients of one wavenumber, column and line of pairs by line.
    #[inline(always)]
    pub(super) fn by_line(&self, columns: usize, line: usize, column: usize, m: usize) -> usize {
        (columns * (self.before_line[line] + m / GROUP) + column) * PIECE + m % GROUP * PARTS
    }
}

/// Places by wave of one wavenumber's coefficients: those of a column and line of pairs begin with
/// `first + column · per_column + (line − first_line) · per_line`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Places {
    pub(super) first: usize,
    pub(super) first_line: usize,
    pub(super) per_column: usize,
    pub(super) per_line: usize,
}

impl Places {
    #[inline(always)]
    pub(super) fn of(&self, column: usize, line: usize) -> usize {
        self.first + column * self.per_column + (line - self.first_line) * self.per_line
    }
}

/// Fourier coefficients to be read: of wavenumbers, columns and lines of pairs.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    /// All of them, in the layout's order by line.
    ByLine { layout: &'a Layout, columns: usize, lines: &'a [Line] },
    /// Those of one wavenumber, [column][line of pairs][part].
    OfWavenumber { line_count: usize, lines: &'a [Line] },
}

impl<'a> Source<'a> {
    /// [part] of a wavenumber, column and line of pairs.
    #[inline(always)]
    pub(super) fn of(&self, m: usize, column: usize, line: usize) -> &'a [Line] {
        match *self {
            Self::ByLine { layout, columns, lines } => {
                let place = layout.by_line(columns, line, column, m);
                &lines[place..place + PARTS]
            }
            Self::OfWavenumber { line_count, lines } => {
                let place = (column * line_count + line) * PARTS;
                &lines[place..place + PARTS]
            }
        }
    }

    /// The same of the next wavenumber, where there are any.
    #[inline(always)]
    pub(super) fn of_next(&self, m: usize, column: usize, line: usize) -> &'a [Line] {
        match self {
            Self::ByLine { layout, .. } if m + 1 < layout.wavenumbers && layout.has(m + 1, line) => {
                self.of(m + 1, column, line)
            }
            _ => &[],
        }
    }
}

/// Zeroed lines, or `None` where the host has no room; the pages are first touched by whoever writes them.
pub(super) fn try_lines(count: usize) -> Option<Vec<Line>> {
    bytemuck::allocation::try_zeroed_vec(count).ok()
}
