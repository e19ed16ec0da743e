#![allow(clippy::unwrap_used, clippy::panic)]

use super::*;
use crate::config::Audience;
use crate::error::ErrorKind;

/// Names and values.
type Pairs<'a> = &'a [(&'a str, &'a str)];

fn argument(pairs: &[(Item, &str)]) -> Layer {
    let mut layer = Layer::default();
    for (key, value) in pairs {
        layer.argument(*key, *value);
    }
    layer
}

fn profile(pairs: &[(Item, &str)]) -> Layer {
    let mut layer = Layer::default();
    for (key, value) in pairs {
        layer.set(*key, *value, format!("`{}` in the profile", key.name()));
    }
    layer
}

fn built(
    arguments: &[(Item, &str)],
    variables: &[(&str, &str)],
    settings: &[(Item, &str)],
) -> Result<(Config, HttpSettings)> {
    build(
        Given::default(),
        &argument(arguments),
        &Environment::from_pairs(variables.iter().copied()),
        &profile(settings),
    )
}

/// With an access key, so that only the setting in question matters.
fn with_key(arguments: &[(Item, &str)], variables: &[(&str, &str)]) -> Result<(Config, HttpSettings)> {
    let keys = [(Item::AccessKey, "canary-ak"), (Item::SecretKey, "canary-sk")];
    let mut all = arguments.to_vec();
    all.extend(keys);
    built(&all, variables, &[])
}

fn refused(outcome: Result<(Config, HttpSettings)>) -> String {
    let Err(error) = outcome else { panic!("accepted") };
    assert_eq!(error.kind(), ErrorKind::Config);
    let text = error.chain();
    assert!(!text.contains("canary"), "{text}");
    text
}

#[test]
fn each_kind_of_credentials_is_recognised() {
    let rows: [(Pairs<'_>, &str); 9] = [
        (&[("HWMIGRATE_METADATA", "true")], "metadata"),
        (
            &[
                ("HWMIGRATE_METADATA", "yes"),
                ("HW_ASSUME_ROLE_AGENCY_NAME", "n"),
                ("HW_ASSUME_ROLE_DOMAIN_NAME", "d"),
            ],
            "agency",
        ),
        (&[("HUAWEICLOUD_SDK_AK", "a"), ("HUAWEICLOUD_SDK_SK", "s")], "access_key"),
        (
            &[("HW_ACCESS_KEY", "a"), ("HW_SECRET_KEY", "s"), ("HW_SECURITY_TOKEN", "t")],
            "temporary_access_key",
        ),
        (&[("HW_AUTH_TOKEN", "t")], "token"),
        (&[("HW_USER_NAME", "u"), ("HW_USER_PASSWORD", "p"), ("HW_DOMAIN_NAME", "d")], "password"),
        (
            &[
                ("HW_USER_NAME", "u"),
                ("HW_USER_PASSWORD", "p"),
                ("HW_DOMAIN_NAME", "d"),
                ("HWMIGRATE_PASSCODE", "123456"),
                ("HW_USER_ID", "id"),
            ],
            "password_totp",
        ),
        (
            &[
                ("HW_ACCESS_KEY", "a"),
                ("HW_SECRET_KEY", "s"),
                ("HW_ASSUME_ROLE_AGENCY_NAME", "n"),
                ("HW_ASSUME_ROLE_DOMAIN_NAME", "d"),
            ],
            "agency",
        ),
        (&[("HUAWEICLOUD_SDK_AK", "a"), ("HW_SECRET_KEY", "s")], "access_key"),
    ];
    for (variables, kind) in rows {
        assert_eq!(built(&[], variables, &[]).unwrap().0.credentials.kind(), kind);
    }
}

#[test]
fn the_highest_level_with_a_secret_decides_the_kind() {
    let keys = [(Item::AccessKey, "a"), (Item::SecretKey, "s")];
    let kind = |arguments: &[(Item, &str)], variables: &[(&str, &str)], settings: &[(Item, &str)]| {
        built(arguments, variables, settings).unwrap().0.credentials.kind()
    };
    assert_eq!(kind(&keys, &[("HW_AUTH_TOKEN", "t")], &[]), "access_key");
    assert_eq!(kind(&[], &[("HW_AUTH_TOKEN", "t")], &keys), "token");
    let names = [(Item::User, "u"), (Item::Domain, "d")];
    assert_eq!(kind(&[], &[("HW_USER_PASSWORD", "p")], &names), "password");
    let metadata = |word| [(Item::Metadata, word)];
    assert_eq!(kind(&metadata("true"), &[("HW_AUTH_TOKEN", "t")], &keys), "metadata");
    assert_eq!(kind(&keys, &[("HWMIGRATE_METADATA", "true")], &[]), "access_key");
    assert_eq!(kind(&[], &[("HWMIGRATE_METADATA", "true")], &keys), "metadata");
    assert_eq!(kind(&[], &[("HW_AUTH_TOKEN", "t")], &metadata("true")), "token");
    assert_eq!(kind(&[], &[("HWMIGRATE_METADATA", "false")], &keys), "access_key");
    // Switched off above, it is off, whatever a level below says.
    let off = built(&metadata("false"), &[("HWMIGRATE_METADATA", "true")], &metadata("true"));
    assert!(refused(off).contains("no credentials"));
    // A security token of another level belongs to another key.
    assert_eq!(kind(&keys, &[("HW_SECURITY_TOKEN", "t")], &[]), "access_key");
}

#[test]
fn secrets_of_a_profile_are_fetched_where_they_are_used_and_only_there() {
    let kinds: [&[Item]; 4] = [
        &[Item::Token],
        &[Item::AccessKey, Item::SecretKey, Item::SecurityToken],
        &[Item::Password, Item::Passcode],
        &[Item::AccessKey, Item::SecretKey, Item::Proxy],
    ];
    let names = [(Item::User, "u"), (Item::Domain, "d"), (Item::UserId, "id")];
    let own = [("HUAWEICLOUD_SDK_AK", "a"), ("HUAWEICLOUD_SDK_SK", "s")];
    for (kind, absent) in kinds.iter().flat_map(|kind| kind.iter().map(move |absent| (kind, *absent))) {
        let mut layer = profile(&names);
        for item in *kind {
            let place = if *item == absent { "env:ABSENT" } else { "env:THERE" };
            layer.set_reference(*item, place.to_owned(), format!("`{}` in the profile", item.name()));
        }
        let build = |given, variables: Pairs<'_>| {
            let variables = variables.iter().copied().chain([("THERE", "http://canary")]);
            build(given, &Layer::default(), &Environment::from_pairs(variables), &layer)
        };
        let words = refused(build(Given::default(), &[]));
        assert!(
            words.contains("ABSENT") && words.contains(&format!("`{}` in the", absent.name())),
            "{words}"
        );
        build(Given::default(), &[("ABSENT", "http://canary")]).unwrap();
        if absent != Item::Proxy {
            let built = build(Given::default(), &[&own[..], &[("HWMIGRATE_PROXY", "p:1")]].concat());
            assert_eq!(built.unwrap().0.credentials.kind(), "access_key");
            let given = Given { credentials: Some(Credentials::token("t".into(), None)), ..Given::default() };
            assert_eq!(build(given, &[("HWMIGRATE_PROXY", "p:1")]).unwrap().0.credentials.kind(), "token");
        }
    }
}

#[test]
fn profiles_of_which_none_is_chosen_are_named_where_credentials_are_missing() {
    let profile = Layer::unchosen("config.toml has the profiles a, b: choose one of them".to_owned());
    let none = build(Given::default(), &Layer::default(), &Environment::empty(), &profile);
    let Err(error) = none else { panic!("accepted") };
    assert_eq!(
        error.advice(),
        Some("config.toml has the profiles a, b: choose one of them, by name or with HWMIGRATE_PROFILE")
    );
}

#[test]
fn incomplete_and_contradicting_credentials_name_their_origins() {
    let rows: [(Pairs<'_>, &[&str]); 11] = [
        (&[], &["no credentials"]),
        (&[("HWMIGRATE_METADATA", "maybe")], &["HWMIGRATE_METADATA", "true or false"]),
        (
            &[("HWMIGRATE_METADATA", "1"), ("HW_ACCESS_KEY", "canary")],
            &["HWMIGRATE_METADATA", "HW_ACCESS_KEY"],
        ),
        (
            &[("HWMIGRATE_METADATA", "1"), ("HWMIGRATE_METADATA_ENDPOINT", "http://metadata.example")],
            &["HWMIGRATE_METADATA_ENDPOINT", "link-local"],
        ),
        (&[("HW_ACCESS_KEY", "canary")], &["HW_ACCESS_KEY", "`secret_key`"]),
        (&[("HUAWEICLOUD_SDK_SK", "canary")], &["HUAWEICLOUD_SDK_SK", "`access_key`"]),
        (&[("HW_USER_PASSWORD", "canary"), ("HW_USER_NAME", "u")], &["HW_USER_PASSWORD", "`domain`"]),
        (&[("HW_USER_NAME", "u")], &["HW_USER_NAME", "`password`"]),
        (&[("HW_AUTH_TOKEN", "canary"), ("HW_ACCESS_KEY", "canary")], &["HW_AUTH_TOKEN", "HW_ACCESS_KEY"]),
        (
            &[("HW_USER_PASSWORD", "canary"), ("HUAWEICLOUD_SDK_AK", "canary")],
            &["HW_USER_PASSWORD", "HUAWEICLOUD_SDK_AK"],
        ),
        (
            &[("HW_AUTH_TOKEN", "canary"), ("HW_ASSUME_ROLE_AGENCY_NAME", "n")],
            &["HW_ASSUME_ROLE_AGENCY_NAME", "`agency_domain`"],
        ),
    ];
    for (variables, words) in rows {
        let text = refused(built(&[], variables, &[]));
        assert!(words.iter().all(|word| text.contains(word)), "{variables:?}: {text}");
    }
}

#[test]
fn endpoints_follow_the_region_unless_they_are_set() {
    let base = |variables: &[(&str, &str)]| {
        let (config, _) = with_key(&[], variables).unwrap();
        (config.iam.base, config.oms.map(|endpoint| endpoint.base))
    };
    let oms = |text: &str| Some(text.to_owned());
    assert_eq!(base(&[]), ("https://iam.myhuaweicloud.com".to_owned(), None));
    assert_eq!(
        base(&[("HW_REGION_NAME", "cn-north-4")]),
        (
            "https://iam.cn-north-4.myhuaweicloud.com".to_owned(),
            oms("https://oms.cn-north-4.myhuaweicloud.com")
        )
    );
    let local = [
        ("HUAWEICLOUD_SDK_REGION_OMS_CN_NORTH_4", "http://127.0.0.1:1"),
        ("HUAWEICLOUD_SDK_IAM_ENDPOINT", "http://127.0.0.1:2"),
    ];
    assert_eq!(base(&local), ("http://127.0.0.1:2".to_owned(), oms("http://127.0.0.1:1")));
    assert_eq!(with_key(&[], &local).unwrap().0.region.as_deref(), Some("cn-north-4"));
    let other =
        [("HUAWEICLOUD_SDK_REGION_OMS_CN_EAST_3", "http://127.0.0.1:1"), ("HW_REGION_NAME", "cn-north-4")];
    assert_eq!(base(&other).1, oms("https://oms.cn-north-4.myhuaweicloud.com"));
    let text = refused(with_key(
        &[],
        &[
            ("HW_REGION_NAME", "cn-north-4"),
            ("HUAWEICLOUD_SDK_REGION_OMS_CN_NORTH_4", "http://127.0.0.1:1"),
            ("HWMIGRATE_OMS_ENDPOINT", "http://127.0.0.1:2"),
        ],
    ));
    assert!(
        text.contains("HWMIGRATE_OMS_ENDPOINT") && text.contains("HUAWEICLOUD_SDK_REGION_OMS_CN_NORTH_4"),
        "{text}"
    );
}

#[test]
fn sms_is_where_its_table_says_unless_an_address_is_set() {
    let base = |arguments: &[(Item, &str)], variables: &[(&str, &str)]| {
        let (config, _) = with_key(arguments, variables).unwrap();
        let audience = match config.audience(Service::Sms) {
            Audience::Client => "client".to_owned(),
            Audience::Account => "account".to_owned(),
            Audience::Region(name) => name.to_owned(),
        };
        (config.endpoint(Service::Sms).unwrap().base.clone(), audience)
    };
    let row = |base: &str, audience: &str| (base.to_owned(), audience.to_owned());
    let abroad = (Item::Region, "la-north-2");
    let serving = ("HUAWEICLOUD_SDK_REGION_SMS_AP_SOUTHEAST_3", "http://127.0.0.1:1");
    let own = ("HWMIGRATE_SMS_ENDPOINT", "http://127.0.0.1:2");
    let public = "https://sms.ap-southeast-3.myhuaweicloud.com";
    assert_eq!(
        base(&[(Item::Region, "cn-north-4")], &[]),
        row("https://sms.cn-north-4.myhuaweicloud.com", "client")
    );
    assert_eq!(base(&[abroad], &[]), row(public, "ap-southeast-3"));
    assert_eq!(base(&[abroad], &[serving]), row(serving.1, "ap-southeast-3"));
    assert_eq!(base(&[abroad], &[own]), row(own.1, "client"), "nobody knows which region stands there");
    assert_eq!(base(&[], &[serving]), row(serving.1, "client"), "the variable names the region");
    assert_eq!(base(&[abroad, (Item::ProjectId, "p")], &[]), row(public, "client"));
    assert_eq!(base(&[abroad, (Item::ProjectName, "la-north-2_sub")], &[]), row(public, "client"));
    assert_eq!(base(&[abroad, (Item::SmsScope, "domain")], &[]), row(public, "account"));
    let text = refused(with_key(&[abroad], &[serving, own]));
    assert!(text.contains(serving.0) && text.contains(own.0), "{text}");
}

#[test]
fn an_unknown_region_fails_only_where_an_endpoint_is_needed() {
    let (config, _) = with_key(&[], &[]).unwrap();
    assert!(config.endpoint(Service::Iam).is_ok());
    let error = config.endpoint(Service::Oms).unwrap_err();
    assert!(error.advice().unwrap().contains("HW_REGION_NAME"));
    assert!(config.endpoint(Service::Sms).is_err());
}

#[test]
fn wrong_values_name_their_setting() {
    let rows = [
        (Item::Region, "CN North"),
        (Item::ProjectId, "../x"),
        (Item::OmsEndpoint, "http://oms.example"),
        (Item::IamEndpoint, "ftp://x"),
        (Item::SmsEndpoint, "http://sms.example"),
        (Item::SmsScope, "account"),
        (Item::AllowPlainHttp, "maybe"),
        (Item::ConnectTimeout, "0s"),
        (Item::ReadTimeout, "fast"),
        (Item::CallTimeout, "-1s"),
        (Item::Proxy, "socks5://canary@x"),
        (Item::CaFile, "/nonexistent/ca.pem"),
        (Item::ClientKey, "/nonexistent/key.pem"),
    ];
    for (key, value) in rows {
        let text = refused(with_key(&[(key, value)], &[]));
        assert!(text.contains(key.name()) || text.contains(value), "{key:?}: {text}");
    }
}

#[test]
fn lengths_of_time_have_units() {
    let rows = [("30s", 30_000), ("45", 45_000), ("2m", 120_000), ("500ms", 500), (" 1h ", 3_600_000)];
    for (text, milliseconds) in rows {
        let (config, _) = with_key(&[(Item::CallTimeout, text)], &[]).unwrap();
        assert_eq!(config.call_timeout.as_millis(), milliseconds, "{text}");
    }
}

#[test]
fn proxies_come_from_the_setting_or_the_usual_variables() {
    let proxy = |arguments: &[(Item, &str)], variables: &[(&str, &str)]| {
        let proxy = with_key(arguments, variables).unwrap().1.proxy;
        (proxy.http, proxy.https, proxy.bypass)
    };
    let some = |text: &str| Some(text.to_owned());
    let loopback = "localhost,127.0.0.0/8,::1";
    assert_eq!(proxy(&[], &[]), (None, None, some(loopback)));
    assert_eq!(
        proxy(&[], &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "x.example")]),
        (None, some("http://p:1"), some(&format!("x.example,{loopback}")))
    );
    assert_eq!(proxy(&[], &[("all_proxy", "p:1")]).0, some("http://p:1"));
    assert_eq!(
        proxy(&[(Item::Proxy, "http://own:1")], &[("HTTPS_PROXY", "http://p:1"), ("NO_PROXY", "x")]),
        (some("http://own:1"), some("http://own:1"), None)
    );
    assert_eq!(proxy(&[], &[("HTTP_PROXY", "http://p:1"), ("REQUEST_METHOD", "GET")]).0, None);
}

#[test]
fn no_setting_shows_its_secret() {
    let (config, http) =
        with_key(&[(Item::Proxy, "http://user:canary@p:1"), (Item::Region, "cn-north-4")], &[]).unwrap();
    let shown = format!("{config:?} {http:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

#[test]
fn a_missing_region_is_advised_by_variables_that_are_read() {
    let (config, _) = with_key(&[], &[]).unwrap();
    let error = config.endpoint(hwmigrate_api::Service::Oms).unwrap_err();
    let advice = error.advice().unwrap();
    let words = advice.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let named: Vec<_> = words.filter(|word| word.starts_with("HW") || word.starts_with("HUAWEI")).collect();
    assert!(named.len() >= 2, "{advice}");
    for name in named {
        let (config, _) = with_key(&[], &[(name, "cn-north-4")]).unwrap();
        assert_eq!(config.region.as_deref(), Some("cn-north-4"), "{name} is not read");
    }
}
