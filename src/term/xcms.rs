//! Colours of device-independent spaces as the channels of a screen: what Xlib's colour management
//! makes of them for a screen that tells nothing of itself.
//!
//! Xlib takes such a screen for a Tektronix 19-inch tube, described by a matrix and three curves
//! (libX11, `LRGB.c`), and brings a colour that it cannot show into its gamut by taking chroma away
//! at the same hue and value (`XcmsTekHVCClipC`). Programs and test suites compare the answer, so
//! numbers and the order of operations are Xlib's.

use crate::base::style::Rgb;

type Triple = [f64; 3];

/// A channel: the highest value that gives no light, and how much light the values after it give,
/// the first one higher by 1 and then each by 5.
struct Curve {
    dark: u8,
    light: &'static [f64],
}

#[expect(clippy::unreadable_literal, reason = "a table of millionths")]
const RED: Curve = Curve {
    dark: 0x09,
    light: &[
        0.000936, 0.001481, 0.002329, 0.003529, 0.005127, 0.007169, 0.009699, 0.012759, 0.016392,
        0.020637, 0.025533, 0.031119, 0.037431, 0.044504, 0.052373, 0.061069, 0.070624, 0.081070,
        0.092433, 0.104744, 0.118026, 0.132307, 0.147610, 0.163958, 0.181371, 0.199871, 0.219475,
        0.240202, 0.262069, 0.285089, 0.309278, 0.334647, 0.361208, 0.388971, 0.417945, 0.448138,
        0.479555, 0.512202, 0.546082, 0.581199, 0.617552, 0.655144, 0.693971, 0.734031, 0.775322,
        0.817837, 0.861571, 0.906515, 0.952662, 1.0,
    ],
};
#[expect(clippy::unreadable_literal, reason = "a table of millionths")]
const GREEN: Curve = Curve {
    dark: 0x13,
    light: &[
        0.000832, 0.001998, 0.003612, 0.005736, 0.008428, 0.011745, 0.015740, 0.020463, 0.025960,
        0.032275, 0.039449, 0.047519, 0.056520, 0.066484, 0.077439, 0.089409, 0.102418, 0.116485,
        0.131625, 0.147853, 0.165176, 0.183604, 0.203140, 0.223783, 0.245533, 0.268384, 0.292327,
        0.317351, 0.343441, 0.370580, 0.398747, 0.427919, 0.458068, 0.489165, 0.521176, 0.554067,
        0.587797, 0.622324, 0.657604, 0.693588, 0.730225, 0.767459, 0.805235, 0.843491, 0.882164,
        0.921187, 0.960490, 1.0,
    ],
};
#[expect(clippy::unreadable_literal, reason = "a table of millionths")]
const BLUE: Curve = Curve {
    dark: 0x0e,
    light: &[
        0.001341, 0.002080, 0.003188, 0.004729, 0.006766, 0.009357, 0.012559, 0.016424, 0.021004,
        0.026344, 0.032489, 0.039481, 0.047357, 0.056154, 0.065903, 0.076634, 0.088373, 0.101145,
        0.114968, 0.129862, 0.145841, 0.162915, 0.181095, 0.200386, 0.220791, 0.242309, 0.264937,
        0.288670, 0.313499, 0.339410, 0.366390, 0.394421, 0.423481, 0.453547, 0.484592, 0.516587,
        0.549498, 0.583291, 0.617925, 0.653361, 0.689553, 0.726454, 0.764013, 0.802178, 0.840891,
        0.880093, 0.919723, 0.959715, 1.0,
    ],
};

const TO_LIGHT: [Triple; 3] = [
    [3.483_404_812_535_39, -1.521_763_749_272_852, -0.559_231_333_540_497_8],
    [-1.071_527_513_061_936, 1.965_937_952_043_724, 0.036_736_913_395_534_62],
    [0.063_511_797_904_977_88, -0.200_205_010_004_964_8, 0.810_709_420_316_482_2],
];
const FROM_LIGHT: [Triple; 3] = [
    [0.381_061_491_087_147_9, 0.320_257_123_653_521_1, 0.248_345_785_259_331],
    [0.207_297_451_151_408_5, 0.680_546_387_763_732_4, 0.112_156_161_084_859_2],
    [0.021_339_443_500_880_28, 0.142_971_930_202_464_8, 1.241_728_926_296_655],
];

/// How far light may be out of range and still be shown; and how near the search for chroma comes.
const EPSILON: f64 = 0.001;
/// Light that is none but for rounding.
const TRACE: f64 = 1e-9;
/// Where the cube root of CIE's lightness becomes a line: in luminance, in lightness; and the slope
/// of that line.
const LINE_Y: f64 = 0.008_856;
const LINE_L: f64 = 7.999_536_24;
const LINE_SLOPE: f64 = 903.29;
/// The hue `TekHVC` counts from ("best red"), and what its chroma is scaled by.
const BEST_RED: [f64; 2] = [0.7127, 0.4931];
const CHROMA_SCALE: f64 = 7.507_25;
/// Steps of the search for the most chroma.
const STEPS_MAX: usize = 100;
/// The names of the spaces.
const SPACES: [&str; 7] = ["rgbi", "CIEXYZ", "CIEuvY", "CIExyY", "CIELab", "CIELuv", "TekHVC"];

/// A colour of the space of that name, its three numbers separated by slashes.
pub(crate) fn parse(space: &str, rest: &str) -> Option<Rgb> {
    let space = SPACES.iter().position(|name| name.eq_ignore_ascii_case(space))?;
    let mut numbers = rest.split('/').map(|number| {
        number.parse::<f64>().ok().filter(|number| number.is_finite() && number.abs() < 1e6)
    });
    let [a, b, c] = [numbers.next()??, numbers.next()??, numbers.next()??];
    if numbers.next().is_some() {
        return None;
    }
    if space == 0 {
        return [a, b, c]
            .iter()
            .all(|light| (0.0..=1.0).contains(light))
            .then(|| channels([a, b, c]));
    }
    let white = White::of_the_screen();
    let xyz = match space {
        1 => [a, b, c],
        2 => from_uvy([a, b, c]),
        3 => from_xyy(a, b, c),
        4 => white.lab(a, b, c),
        5 => white.luv(a, b, c),
        _ => white.hvc([a, b, c]),
    };
    let mut light = times(&TO_LIGHT, xyz);
    if !is_shown(light) {
        let [hue, value, _] = white.hvc_of_uvy(to_uvy(xyz));
        // The most chroma leaves a channel without light, but for what rounding leaves: Xlib's
        // rounding leaves a trace.
        light = times(&TO_LIGHT, white.hvc(white.most_chroma(hue, value)))
            .map(|light| if light.abs() < TRACE { TRACE } else { light });
    }
    is_shown(light).then(|| channels(light.map(|light| light.clamp(0.0, 1.0))))
}

fn is_shown(light: Triple) -> bool {
    light.iter().all(|light| (-EPSILON..=1.0 + EPSILON).contains(light))
}

fn channels([r, g, b]: Triple) -> Rgb {
    (RED.value(r), GREEN.value(g), BLUE.value(b))
}

fn times(matrix: &[Triple; 3], [x, y, z]: Triple) -> Triple {
    matrix.map(|[a, b, c]| 0.0 + a * x + b * y + c * z)
}

impl Curve {
    /// The value that gives so much light, the nearest of 256.
    fn value(&self, light: f64) -> u8 {
        if light <= 0.0 {
            return 0;
        }
        let at = self.light.partition_point(|entry| *entry < light).min(self.light.len() - 1);
        let before = if at == 0 { 0.0 } else { self.light[at - 1] };
        let (low, high) =
            (if at == 0 { f64::from(self.dark) } else { self.entry(at - 1) }, self.entry(at));
        // Sixteen bits, of which the upper eight are shown.
        let target = ((high - low) * 257.0 * ((light - before) / (self.light[at] - before)))
            .floor()
            + low * 257.0;
        let shown = (target / 257.0).round();
        u8_of(shown)
    }

    /// The value of an entry.
    fn entry(&self, at: usize) -> f64 {
        f64::from(u32::from(self.dark) + 1 + 5 * u32::try_from(at).unwrap_or(0)).min(255.0)
    }
}

/// The byte that a whole number from 0 to 255 is.
fn u8_of(number: f64) -> u8 {
    (0..=255_u8).find(|byte| number <= f64::from(*byte)).unwrap_or(255)
}

fn from_uvy([u, v, y]: Triple) -> Triple {
    let divisor = 6.0 * u - 16.0 * v + 12.0;
    if divisor == 0.0 {
        return [0.0, y, 0.0];
    }
    let (small_x, small_y) = (9.0 * u / divisor, 4.0 * v / divisor);
    let small_z = 1.0 - small_x - small_y;
    if small_y == 0.0 {
        [small_x, y, small_z]
    } else {
        [small_x * y / small_y, y, small_z * y / small_y]
    }
}

fn to_uvy([x, y, z]: Triple) -> Triple {
    let divisor = x + 15.0 * y + 3.0 * z;
    if divisor == 0.0 { [0.0, 0.0, y] } else { [4.0 * x / divisor, 9.0 * y / divisor, y] }
}

fn from_xyy(x: f64, y: f64, luminance: f64) -> Triple {
    let divisor = -2.0 * x + 12.0 * y + 3.0;
    if divisor == 0.0 {
        return [0.0; 3];
    }
    from_uvy([4.0 * x / divisor, 9.0 * y / divisor, luminance])
}

fn luminance(lightness: f64) -> f64 {
    if lightness < LINE_L {
        return lightness / LINE_SLOPE;
    }
    let root = (lightness + 16.0) / 116.0;
    root * root * root
}

/// The arc tangent by arithmetic and geometric means, as near as Xlib's: a millionth.
fn arc_tangent(x: f64) -> f64 {
    const ERROR: f64 = 1e-6;
    if x == 0.0 {
        return 0.0;
    }
    let margin = if x < 1.0 { x * ERROR } else { ERROR };
    let (mut low, mut high) = ((1.0 / (1.0 + x * x)).sqrt(), 1.0_f64);
    let (mut arithmetic, mut geometric) = (0.0, 0.0);
    for _ in 0..64 {
        arithmetic = f64::midpoint(low, high);
        geometric = (arithmetic * high).sqrt();
        if (arithmetic - geometric).abs() < margin.max(0.0)
            || arithmetic.to_bits() == geometric.to_bits()
        {
            break;
        }
        (low, high) = (arithmetic, geometric);
    }
    x / ((1.0 + x * x).sqrt() * arithmetic.min(geometric))
}

/// The white of the screen.
struct White {
    xyz: Triple,
    uvy: Triple,
    /// Where `TekHVC` begins to count hues, in degrees.
    offset: f64,
}

impl White {
    fn of_the_screen() -> Self {
        let sum = |[a, b, c]: Triple| a + b + c;
        let xyz = [sum(FROM_LIGHT[0]), 1.0, sum(FROM_LIGHT[2])];
        let uvy = to_uvy(xyz);
        let offset = arc_tangent((BEST_RED[1] - uvy[1]) / (BEST_RED[0] - uvy[0])) * 180.0
            / std::f64::consts::PI;
        Self { xyz, uvy, offset }
    }

    /// Xlib's line near black is a hundred times as steep as CIE's.
    fn lab(&self, lightness: f64, red: f64, yellow: f64) -> Triple {
        let root = (lightness + 16.0) / 116.0;
        let y = root * root * root;
        if y < LINE_Y {
            let y = lightness / 9.032_92;
            return [self.xyz[0] * (red / 3893.5 + y), y, self.xyz[2] * (y - yellow / 1557.4)];
        }
        let (x, z) = (root + red / 5.0, root - yellow / 2.0);
        [self.xyz[0] * x * x * x, y, self.xyz[2] * z * z * z]
    }

    /// Xlib divides by a hundredth of the lightness.
    fn luv(&self, lightness: f64, u: f64, v: f64) -> Triple {
        let y = luminance(lightness);
        if lightness == 0.0 {
            return from_uvy([self.uvy[0], self.uvy[1], y]);
        }
        let scale = 13.0 * (lightness / 100.0);
        from_uvy([u / scale + self.uvy[0], v / scale + self.uvy[1], y])
    }

    fn hvc(&self, [hue, value, chroma]: Triple) -> Triple {
        if value <= 0.0 || 100.0 <= value {
            return from_uvy([self.uvy[0], self.uvy[1], if value <= 0.0 { 0.0 } else { 1.0 }]);
        }
        let angle = (hue + self.offset).rem_euclid(360.0) * std::f64::consts::PI / 180.0;
        let scale = value * CHROMA_SCALE;
        from_uvy([
            angle.cos() * chroma / scale + self.uvy[0],
            angle.sin() * chroma / scale + self.uvy[1],
            luminance(value),
        ])
    }

    fn hvc_of_uvy(&self, [u, v, y]: Triple) -> Triple {
        let (u, v) = (u - self.uvy[0], v - self.uvy[1]);
        let mut angle =
            if u == 0.0 { 0.0 } else { arc_tangent(v / u) * 180.0 / std::f64::consts::PI };
        let (low, high) = match (u > 0.0, u < 0.0, v > 0.0, v < 0.0) {
            (true, _, true, _) => (0.0, 90.0),
            (_, true, true, _) => (90.0, 180.0),
            (_, true, _, true) => (180.0, 270.0),
            (true, _, _, true) => (270.0, 360.0),
            _ => (0.0, 360.0),
        };
        while angle < low {
            angle += 90.0;
        }
        while angle >= high {
            angle -= 90.0;
        }
        let value = if y < LINE_Y { y * LINE_SLOPE } else { y.cbrt() * 116.0 - 16.0 };
        let chroma = value * CHROMA_SCALE * (u * u + v * v).sqrt();
        let hue = if chroma < 0.0 { 0.0 } else { angle } - self.offset;
        [hue.rem_euclid(360.0), value, chroma]
    }

    fn hvc_of_light(&self, light: Triple) -> Triple {
        self.hvc_of_uvy(to_uvy(times(&FROM_LIGHT, light)))
    }

    /// The colour of that hue and value with the most chroma the screen can show.
    fn most_chroma(&self, hue: f64, value: f64) -> Triple {
        let value = value.clamp(f64::EPSILON, 100.0 - f64::EPSILON);
        // The most saturated colour of the hue: one channel at nothing, another at full.
        let light = times(&TO_LIGHT, self.hvc([hue, 40.0, 120.0]));
        let darkest = light.iter().copied().fold(f64::INFINITY, f64::min);
        let light = light.map(|light| light - darkest);
        let brightest = light.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let light = light.map(|light| light / brightest);
        let [_, corner_value, corner_chroma] = self.hvc_of_light(light);
        if value <= corner_value {
            return [hue, value, value * corner_chroma / corner_value];
        }
        // Above it the limit is a curve: white is mixed in until the value is met.
        let (mut wanted, mut shrink) = (value, 1.0);
        let (mut reached, mut last) = ([hue, value, 100.0], [hue, -1.0, -1.0]);
        for _ in 0..STEPS_MAX {
            let before = last;
            last = reached;
            let share = (wanted - corner_value) / (100.0 - corner_value) * shrink;
            reached = self.hvc_of_light(light.map(|light| light * (1.0 - share) + share));
            if (reached[1] - value).abs() <= EPSILON {
                break;
            }
            wanted += value - reached[1];
            if wanted < corner_value {
                wanted = corner_value;
                shrink *= 0.5;
            } else if wanted > 100.0 {
                break;
            } else if (reached[1] - before[1]).abs() <= EPSILON {
                shrink *= 0.5;
            }
        }
        let nearer =
            if (last[1] - value).abs() < (reached[1] - value).abs() { last } else { reached };
        [hue, nearer[1], nearer[2]]
    }
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn colours_are_those_that_xlib_gives() {
        for (space, numbers, colour) in [
            ("rgbi", "1/1/1", Some((0xff, 0xff, 0xff))),
            ("rgbi", "0.5/0.5/0.5", Some((0xc1, 0xbb, 0xbb))),
            ("rgbi", "0/0/0", Some((0, 0, 0))),
            ("rgbi", "1.5/0/0", None),
            ("CIEXYZ", "1/1/1", Some((0xff, 0xff, 0xff))),
            ("ciexyz", "0.5/0.5/0.5", Some((0xdd, 0xb5, 0xa0))),
            ("CIEuvY", "1/1/1", Some((0xff, 0xff, 0xff))),
            ("CIEuvY", "0.5/0.5/0.5", Some((0xff, 0xa3, 0xae))),
            ("CIExyY", "1/1/1", Some((0xff, 0xff, 0xff))),
            ("CIExyY", "0.5/0.5/0.5", Some((0xf7, 0xb3, 0x0e))),
            ("CIELab", "1/1/1", Some((0x6c, 0x67, 0x67))),
            ("CIELab", "0.5/0.5/0.5", Some((0x52, 0x4f, 0x4f))),
            ("CIELuv", "1/1/1", Some((0x16, 0x14, 0x0e))),
            ("CIELuv", "0.5/0.5/0.5", Some((0x0e, 0x13, 0x0e))),
            ("TekHVC", "1/1/1", Some((0x1a, 0x13, 0x0f))),
            ("TekHVC", "0.5/0.5/0.5", Some((0x11, 0x13, 0x0e))),
            ("CIEXYZ", "1/1", None),
            ("CIEXYZ", "1/1/1/1", None),
            ("CIEXYZ", "nan/1/1", None),
            ("CIEXYZ", "1e300/1/1", None),
            ("nothing", "1/1/1", None),
        ] {
            assert_eq!(parse(space, numbers), colour, "{space}:{numbers}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_numbers_give_a_colour_or_none(space in 0_usize..7, numbers in proptest::collection::vec(-1e6_f64..1e6, 3)) {
            let text: Vec<String> = numbers.iter().map(ToString::to_string).collect();
            let _colour = parse(super::SPACES[space], &text.join("/"));
        }
    }
}
