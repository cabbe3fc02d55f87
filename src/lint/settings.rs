//! Deployments completed with the files of settings that their command lines name.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::engines;
use crate::report::FileNote;
use crate::source::{Place, Source, resolve};
use crate::units::{Deployment, Unit};

/// Completes deployments with the files of settings that their command lines name, and leaves out the files that were
/// taken, or that name no model and that nothing names.
pub(super) fn join_settings(mut units: Vec<Unit>, sources: &[Source], files: &mut [FileNote]) -> Vec<Unit> {
    let path = |place: Place| sources[place.source.0 as usize].from_root.as_str();
    let parts: BTreeMap<String, Deployment> = units
        .iter()
        .filter_map(|unit| match unit {
            Unit::Deployment(part) if part.settings.is_some() => Some((path(part.place).to_owned(), (**part).clone())),
            _ => None,
        })
        .collect();
    if parts.is_empty() {
        return units;
    }
    let mut by_name: HashMap<&str, Vec<&str>> = HashMap::new();
    for path in parts.keys() {
        by_name
            .entry(path.rsplit('/').next().unwrap_or(path))
            .or_default()
            .push(path);
    }
    let mut used: HashSet<String> = HashSet::new();
    for unit in &mut units {
        let Unit::Deployment(deployment) = unit else {
            continue;
        };
        let Some(file) = engines::settings_file(&deployment.launch, &deployment.image) else {
            continue;
        };
        let own = path(file.place);
        let found =
            resolve(own, &file.path, |path| parts.contains_key(path)).or_else(|| mounted(own, &file.path, &by_name));
        let part = found.and_then(|found| parts.get_key_value(&found));
        if let Some((found, part)) = part
            && let Some(settings) = part.launch.words.get(part.settings.unwrap_or(0)..)
        {
            engines::take_settings(&mut deployment.launch, &file, settings);
            used.insert(found.clone());
        }
    }
    units.retain(|unit| match unit {
        Unit::Deployment(part) if part.settings.is_some() => {
            let from = path(part.place);
            let names_model = engines::recognise(&part.launch, &part.image).is_some_and(|is| !is.model.is_absent());
            if !names_model
                && !used.contains(from)
                && let Ok(at) =
                    files.binary_search_by(|file| file.path.cmp(&sources[part.place.source.0 as usize].path))
            {
                files[at].note = "settings of an engine, which no command line of this run names".to_owned();
            }
            names_model && !used.contains(from)
        }
        _ => true,
    });
    units
}

/// The file that a path inside a container means: the only one of that name in the folder of the file that names it, or
/// below.
fn mounted(from: &str, name: &str, by_name: &HashMap<&str, Vec<&str>>) -> Option<String> {
    /// More files of one name than this are no longer told apart.
    const MOST: usize = 100;
    let file = name.strip_prefix('/')?.rsplit('/').next()?;
    let folder = from
        .rsplit_once('/')
        .map_or(String::new(), |(folder, _)| format!("{folder}/"));
    let named = by_name.get(file).filter(|named| named.len() <= MOST)?;
    let mut found = named.iter().filter(|path| path.starts_with(&folder));
    found
        .next()
        .filter(|_| found.next().is_none())
        .map(|path| (*path).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{self, Outcome};
    use crate::syntax::code::Files;

    #[test]
    fn a_file_of_settings_is_one_unit_with_the_line_that_names_it() {
        let settings = "tensor_parallel_size: 4\nmax_batch_size: 32\nkv_cache_config:\n  dtype: fp8\n";
        let sources = [
            Source::new("a/serve.sh", "vllm serve org/m --config ../conf/vllm.yaml", false),
            Source::new(
                "b/run.sh",
                "trtllm-serve org/m --extra_llm_api_options /mnt/trt.yaml\n",
                false,
            ),
            Source::new("b/x/trt.yaml", settings, false),
            Source::new("conf/alone.yaml", "max-model-len: 8192\nmax-num-seqs: 8\n", false),
            Source::new("conf/vllm.yaml", "max-model-len: 8192\nmax-num-seqs: 8\n", false),
        ];
        let known = Files::new(&sources);
        let read = |id: &crate::source::SourceId| match formats::read(&known, *id, false) {
            Outcome::Read(_, read) => read.units,
            Outcome::LeftAlone(why) => panic!("{why}"),
        };
        let units = known.ids().iter().flat_map(read).collect();
        let units = join_settings(units, &sources, &mut []);
        let serving: Vec<_> = units
            .iter()
            .map(|unit| match unit {
                Unit::Deployment(made) => (
                    made.name.as_str(),
                    engines::recognise(&made.launch, &made.image).expect("an engine"),
                ),
                other => panic!("{other:?}"),
            })
            .collect();
        let [(first, vllm), (second, trt)] = serving.as_slice() else {
            panic!("two units: {serving:?}");
        };
        assert_eq!((*first, vllm.max_model_len.known()), ("a/serve.sh", Some(&8192)));
        assert_eq!((*second, trt.tensor_parallel.known()), ("b/run.sh", Some(&4)));
        assert_eq!(trt.max_num_seqs.known(), Some(&32));
        assert_eq!(trt.kv_cache_dtype.known().map(String::as_str), Some("fp8"));
    }
}
