//! The process is killed, or a step fails, at every step of the protocol: a name always shows the old or
//! the new bytes whole, and settling leads to one of two clean states.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use balu_commit::{Request, VersionId, Volume};
use balu_digest::Options;

const ID: &str = "00000000000000000000000000000001";
const TRASH: &str = "00000000000000000000000000000002";
const VERSION: VersionId = VersionId { file_id: 7, rev: 1 };
const OLD: &[u8] = b"old contents";
const NEW: &[u8] = b"new contents, longer";

/// Exit code of a child whose verb was refused; killed children have none.
const REFUSED: i32 = 3;

/// Steps a new name goes through, a replacement, and a replacement without exchange.
const CREATE: [&str; 8] = [
    "stage",
    "write",
    "fsync",
    "dress",
    "fsync-dressed",
    "noreplace",
    "published",
    "fsync-dir",
];
const REPLACE: [&str; 6] = ["stage", "fsync", "dress", "exchange", "exchanged", "version-move"];
const BY_RENAME: [&str; 6] = [
    "stage",
    "dress",
    "version-link",
    "rename-over",
    "exchanged",
    "version-move",
];

fn volume(root: &Path) -> Volume {
    Volume::open(root).expect("the root is there")
}

/// Run one verb in a child of its own; returns its exit code, none when it was killed.
fn run(root: &Path, verb: &str, failpoints: &str) -> Option<i32> {
    let child = std::env::current_exe().expect("a path");
    Command::new(child)
        .args(["--ignored", "--exact", "child", "--quiet"])
        .env("BALU_TEST_ROOT", root)
        .env("BALU_TEST_VERB", verb)
        .env("BALU_FAILPOINT", failpoints)
        .output()
        .expect("the child starts")
        .status
        .code()
}

#[test]
#[ignore = "runs as a child of the other tests"]
fn child() {
    let Ok(root) = std::env::var("BALU_TEST_ROOT") else {
        return;
    };
    let volume = volume(root.as_ref());
    let verb = std::env::var("BALU_TEST_VERB").expect("a verb");
    let outcome = match verb.as_str() {
        "trash" => volume.trash(OsStr::new("name"), TRASH, b"{}").map(drop),
        "restore" => volume.restore(TRASH, OsStr::new("back")).map(drop),
        "purge" => volume.purge(TRASH).map(drop),
        "copy" => volume.copy(OsStr::new("name"), ID).map(drop),
        verb => volume.stage(ID, Options::default()).and_then(|sink| {
            sink.push(NEW)?;
            let sealed = sink.finish()?;
            fs::write(Path::new(&root).join(".balu/ino"), sealed.entry.ino.to_string()).expect("noted");
            let base = (verb == "replace")
                .then(|| volume.root().stat(OsStr::new("name")))
                .transpose()?;
            let version = base.as_ref().map(|_| VERSION);
            let request = Request {
                replaces: base.as_ref(),
                version,
                mtime_ns: Some(5),
            };
            volume.publish(ID, OsStr::new("name"), request).map(drop)
        }),
    };
    std::process::exit(if outcome.is_ok() { 0 } else { REFUSED });
}

fn prepared(old: bool) -> tempfile::TempDir {
    let dir = tempfile::tempdir().expect("a directory");
    volume(dir.path()).register("kills").expect("registered");
    if old {
        fs::write(dir.path().join("name"), OLD).expect("written");
    }
    dir
}

/// What the next start does: settle what was staged, twice, because it may be interrupted as well.
fn settle(root: &Path, version: Option<VersionId>) -> bool {
    let Ok(ino) = fs::read_to_string(root.join(".balu/ino")) else {
        return false;
    };
    let ino = ino.parse().expect("a number");
    let first = volume(root)
        .settle(ID, OsStr::new("name"), ino, version)
        .expect("settled");
    assert_eq!(
        volume(root)
            .settle(ID, OsStr::new("name"), ino, version)
            .expect("again"),
        first
    );
    first
}

fn versions(root: &Path) -> Vec<Vec<u8>> {
    let Ok(folder) = fs::read_dir(root.join(".balu/versions/7")) else {
        return Vec::new();
    };
    folder
        .map(|entry| fs::read(entry.expect("read").path()).expect("read"))
        .collect()
}

#[test]
fn a_new_name_appears_whole_or_not_at_all() {
    for step in CREATE {
        for action in ["die", "errno:5"] {
            let dir = prepared(false);
            let code = run(dir.path(), "create", &format!("{step}={action}"));
            let shown = fs::read(dir.path().join("name")).ok();
            assert!(
                shown.is_none() || shown.as_deref() == Some(NEW),
                "{step}={action}: {shown:?}"
            );
            assert_ne!(
                code,
                Some(0).filter(|_| action == "die" && step != "fsync-dressed"),
                "{step} was not met"
            );
            let published = settle(dir.path(), None);
            assert_eq!(published, shown.is_some(), "{step}={action}");
            if code == Some(0) {
                assert!(published, "{step}={action}: acknowledged and lost");
            }
            if published {
                assert!(volume(dir.path()).staging().expect("listed").is_empty());
            }
        }
    }
}

fn replaces_whole(steps: &[&str], also: &str) {
    for step in steps {
        for action in ["die", "errno:5"] {
            let dir = prepared(true);
            let code = run(dir.path(), "replace", &format!("{also}{step}={action}"));
            assert_ne!(code, Some(0), "{step} was not met");
            let shown = fs::read(dir.path().join("name")).expect("the name is always there");
            assert!(shown == OLD || shown == NEW, "{step}={action}");
            let published = settle(dir.path(), Some(VERSION));
            assert_eq!(fs::read(dir.path().join("name")).expect("still there"), shown);
            assert_eq!(published, shown == NEW, "{step}={action}");
            let kept = if published { vec![OLD.to_vec()] } else { Vec::new() };
            assert_eq!(versions(dir.path()), kept, "{step}={action}");
            if published {
                assert!(volume(dir.path()).open_version(VERSION).is_ok());
                assert!(volume(dir.path()).staging().expect("listed").is_empty());
            }
            volume(dir.path()).discard(ID).expect("discarded");
            if !published {
                assert_eq!(
                    run(dir.path(), "replace", also.trim_end_matches(',')),
                    Some(0),
                    "{step}: again"
                );
            }
        }
    }
}

#[test]
fn a_replaced_name_shows_old_or_new_and_the_old_bytes_are_kept() {
    replaces_whole(&REPLACE, "");
}

#[test]
fn the_same_holds_where_names_cannot_be_exchanged() {
    replaces_whole(&BY_RENAME, "exchange=errno:22,");
}

#[test]
fn and_where_a_rename_cannot_refuse_to_replace() {
    replaces_whole(
        &["dress", "rename-over", "exchanged"],
        "exchange=errno:22,noreplace=errno:22,",
    );
    let dir = prepared(true);
    assert_eq!(run(dir.path(), "create", "noreplace=errno:22"), Some(REFUSED));
    assert_eq!(fs::read(dir.path().join("name")).expect("there"), OLD);
    let dir = prepared(false);
    assert_eq!(run(dir.path(), "create", "noreplace=errno:22"), Some(0));
    assert_eq!(fs::read(dir.path().join("name")).expect("there"), NEW);
    assert!(volume(dir.path()).staging().expect("listed").is_empty());
}

#[test]
fn a_failed_sync_is_told_and_the_bytes_are_not_shown() {
    for step in ["write", "truncate", "fsync"] {
        let dir = prepared(false);
        let code = run(dir.path(), "create", &format!("{step}=errno:28"));
        assert_eq!(code, Some(if step == "truncate" { 0 } else { REFUSED }), "{step}");
        assert_eq!(dir.path().join("name").exists(), step == "truncate");
    }
}

#[test]
fn a_deleted_thing_is_in_its_place_or_in_the_trash() {
    for step in ["trash-origin", "trash-rename", "fsync-dir"] {
        for action in ["die", "errno:5"] {
            let dir = prepared(true);
            run(dir.path(), "trash", &format!("{step}={action}"));
            let trashed = volume(dir.path()).trashed(TRASH).expect("known").is_some();
            assert_ne!(dir.path().join("name").exists(), trashed, "{step}={action}");
            if trashed {
                assert!(
                    dir.path()
                        .join(".balu/trash")
                        .join(TRASH)
                        .join("origin.json")
                        .exists()
                );
            } else {
                assert_eq!(run(dir.path(), "trash", ""), Some(0), "{step}: again");
            }
        }
    }
}

#[test]
fn a_restored_thing_is_in_the_trash_or_back() {
    for step in ["restore-rename", "noreplace", "fsync-dir"] {
        let dir = prepared(true);
        assert_eq!(run(dir.path(), "trash", ""), Some(0));
        assert_eq!(run(dir.path(), "restore", &format!("{step}=die")), None);
        let trashed = volume(dir.path()).trashed(TRASH).expect("known").is_some();
        assert_ne!(dir.path().join("back").exists(), trashed, "{step}");
        volume(dir.path()).purge(TRASH).expect("cleared");
        assert!(
            fs::read_dir(dir.path().join(".balu/trash"))
                .expect("there")
                .next()
                .is_none()
        );
    }
}

#[test]
fn a_copy_that_fails_leaves_nothing_and_one_that_dies_is_collected() {
    for (action, left) in [("die", 1), ("errno:28", 0)] {
        let dir = prepared(true);
        assert_ne!(run(dir.path(), "copy", &format!("fsync={action}")), Some(0));
        assert_eq!(volume(dir.path()).staging().expect("listed").len(), left);
    }
}
