#![allow(clippy::unwrap_used)]

use super::*;

fn minute(of_day: u16) -> DayTime {
    DayTime::new((of_day / 60) as u8, (of_day % 60) as u8).unwrap()
}

#[test]
fn bandwidth_is_read_with_every_unit() {
    let table = [
        ("1MiB/s", 1_048_576),
        ("50MiB/s", 52_428_800),
        (" 50 MiB/s ", 52_428_800),
        ("50MiB", 52_428_800),
        ("1.5MiB/s", 1_572_864),
        ("20MB/s", 20_000_000),
        ("2048KiB/s", 2_097_152),
        ("2000kB/s", 2_000_000),
        ("1048576B/s", 1_048_576),
        ("0.1GiB/s", 107_374_182),
        ("200MiB/s", 209_715_200),
    ];
    for (text, bytes) in table {
        assert_eq!(text.parse::<Bandwidth>().unwrap().bytes_per_second(), bytes, "{text}");
    }
}

#[test]
fn malformed_bandwidth_is_refused_with_a_fix() {
    let table = [
        "",
        "50",
        "MiB/s",
        "50Mbit/s",
        "50 mib",
        "-5MiB/s",
        "1.MiB/s",
        ".5MiB/s",
        "1.2.3MiB/s",
        "50MiB/h",
        "५MiB/s",
        "99999999999999999999MiB/s",
        "1.0000000000MiB/s",
    ];
    for text in table {
        let error = text.parse::<Bandwidth>().unwrap_err();
        assert!(error.message().contains("such as 50MiB/s"), "{text}: {error}");
    }
}

#[test]
fn bandwidth_out_of_range_is_refused_with_the_range() {
    for text in ["0MiB/s", "1048575B/s", "209715201B/s", "201MiB/s", "5GiB/s"] {
        let error = text.parse::<Bandwidth>().unwrap_err();
        assert!(error.message().contains("1 MiB/s (1048576) to 200 MiB/s"), "{text}: {error}");
    }
    assert!(Bandwidth::mib_per_second(u64::MAX).is_err());
}

#[test]
fn display_of_a_bandwidth_reads_back() {
    for text in ["1 MiB/s", "200 MiB/s", "1500000 B/s"] {
        let limit: Bandwidth = text.parse().unwrap();
        assert_eq!(limit.to_string(), text);
    }
}

#[test]
fn window_over_midnight_becomes_two() {
    let plan = BandwidthPlan::new().limit("22:00-05:59".parse().unwrap(), Bandwidth::MAX).unwrap();
    let windows: Vec<String> = plan.windows().map(|(window, _)| window.to_string()).collect();
    assert_eq!(windows, ["22:00-23:59", "00:00-05:59"]);
}

#[test]
fn touching_windows_share_a_minute_and_are_refused() {
    let plan = BandwidthPlan::new().limit("08:00-12:00".parse().unwrap(), Bandwidth::MIN).unwrap();
    let error = plan.clone().limit("12:00-14:00".parse().unwrap(), Bandwidth::MIN).unwrap_err();
    assert!(error.message().contains("12:00-14:00 overlaps 08:00-12:00"), "{error}");
    assert!(plan.limit("12:01-14:00".parse().unwrap(), Bandwidth::MIN).is_ok());
}

#[test]
fn sixth_window_is_refused() {
    let mut plan = BandwidthPlan::new();
    for hour in 0..5 {
        let window = TimeWindow::new(DayTime::new(hour, 0).unwrap(), DayTime::new(hour, 59).unwrap());
        plan = plan.limit(window, Bandwidth::MIN).unwrap();
    }
    let error = plan.limit("10:00-10:59".parse().unwrap(), Bandwidth::MIN).unwrap_err();
    assert!(error.message().contains("at most 5"), "{error}");
}

/// Random sets of windows: the plan accepts a set exactly when no minute of
/// the day is claimed twice, and then the raw check agrees.
#[test]
fn plan_and_raw_check_agree_with_counting_minutes() {
    let mut dice = fastrand::Rng::with_seed(20_261_121);
    let mut accepted = 0;
    for round in 0..4_000 {
        let windows: Vec<TimeWindow> = (0..dice.usize(1..=4))
            .map(|_| {
                let start = dice.u16(0..1440);
                let length = if dice.bool() { dice.u16(0..120) } else { dice.u16(0..1440) };
                TimeWindow::new(minute(start), minute((start + length) % 1440))
            })
            .collect();

        let mut claims = vec![0_u8; 1440];
        for window in &windows {
            let mut minute = window.start().minute_of_day();
            loop {
                claims[usize::from(minute)] += 1;
                if minute == window.end().minute_of_day() {
                    break;
                }
                minute = (minute + 1) % 1440;
            }
        }
        let parts: Vec<TimeWindow> = windows.iter().flat_map(|window| window.split()).collect();
        let fits = claims.iter().all(|claims| *claims <= 1) && parts.len() <= MOST_PERIODS;

        let plan =
            windows.iter().try_fold(BandwidthPlan::new(), |plan, window| plan.limit(*window, Bandwidth::MIN));
        assert_eq!(plan.is_ok(), fits, "round {round}: {windows:?}");

        let texts: Vec<(String, String)> =
            parts.iter().map(|part| (part.start().to_string(), part.end().to_string())).collect();
        let mut problems = Vec::new();
        let raw = texts.iter().map(|(start, end)| RawPeriod { start, end, limit: 1 << 20 });
        check_periods("bandwidth_policy", raw, &mut problems);
        assert_eq!(problems.is_empty(), fits, "round {round}: {windows:?}");
        accepted += usize::from(fits);
    }
    assert!((500..3_500).contains(&accepted), "{accepted} of 4000 accepted: the test looks at one side only");
}

#[test]
fn raw_periods_are_judged_with_their_place() {
    let mut problems = Vec::new();
    let raw = [
        RawPeriod { start: "8:00", end: "12:00", limit: 1 << 20 },
        RawPeriod { start: "12:00", end: "11:00", limit: 1 << 20 },
        RawPeriod { start: "13:00", end: "14:00", limit: 5 },
        RawPeriod { start: "13:30", end: "15:00", limit: -1 },
    ];
    check_periods("bandwidth_policy", raw.into_iter(), &mut problems);
    let fields: Vec<&str> = problems.iter().map(|problem| problem.field.as_str()).collect();
    assert_eq!(
        fields,
        [
            "bandwidth_policy[0].start",
            "bandwidth_policy[1]",
            "bandwidth_policy[2].max_bandwidth",
            "bandwidth_policy[3].max_bandwidth",
            "bandwidth_policy[3]",
        ]
    );
}
