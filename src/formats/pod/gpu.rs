//! GPUs that a pod is given: by resources, by labels of the machines that it may run on, by shares of one.

use super::quantity::{quantity, whole};
use super::{MOST, Teller};
use crate::syntax::Node;
use crate::units::{Field, GpuLabel, GpuRequest};

/// Resource names that count whole accelerators; any other name that ends in `/gpu` does too.
const WHOLE: &[&str] = &[
    "nvidia.com/gpu",
    "amd.com/gpu",
    "gpu.intel.com/i915",
    "gpu.intel.com/xe",
    "habana.ai/gaudi",
    "google.com/tpu",
    "aws.amazon.com/neuron",
    "aws.amazon.com/neurondevice",
    "huawei.com/Ascend910",
    "huawei.com/ascend-1980",
];

/// Node labels whose value names the GPU.
const PRODUCT_LABELS: &[&str] = &[
    "nvidia.com/gpu.product",
    "cloud.google.com/gke-accelerator",
    "cloud.google.com/gke-tpu-accelerator",
    "gpu.nvidia.com/class",
    "gpu.nvidia.com/model",
    "karpenter.k8s.aws/instance-gpu-name",
    "karpenter.k8s.aws/instance-accelerator-name",
    "karpenter.azure.com/sku-gpu-name",
    "k8s.amazonaws.com/accelerator",
    "amd.com/gpu.product-name",
    "eks.amazonaws.com/instance-gpu-name",
    "eks.amazonaws.com/instance-accelerator-name",
    "machine.cluster.vke.volcengine.com/gpu-name",
];

/// Labels that clusters give their nodes by hand. Their value counts where it may be a product: those have a digit.
const CUSTOM_LABELS: &[&str] = &[
    "accelerator",
    "accelerator-type",
    "gpu-type",
    "gpu_type",
    "gpu.type",
    "gpu-model",
    "gpu-name",
    "gpu-product",
];

/// Node labels whose value names the cloud's instance type.
const INSTANCE_LABELS: &[&str] = &[
    "node.kubernetes.io/instance-type",
    "beta.kubernetes.io/instance-type",
    "karpenter.azure.com/sku-name",
];

/// Node labels whose value names a family of instance types.
const FAMILY_LABELS: &[&str] = &[
    "karpenter.k8s.aws/instance-family",
    "eks.amazonaws.com/instance-family",
    "cloud.google.com/machine-family",
    "karpenter.k8s.gcp/instance-family",
];

/// Node labels that name a MIG profile.
const PROFILE_LABELS: &[&str] = &["cloud.google.com/gke-gpu-partition-size"];

/// Node labels that say that several containers use one GPU.
const SHARING_LABELS: &[&str] = &[
    "cloud.google.com/gke-gpu-sharing-strategy",
    "cloud.google.com/gke-max-shared-clients-per-gpu",
    "nvidia.com/gpu.sharing-strategy",
    "nvidia.com/mps.capable",
];

/// Resource names that ask for a share of a GPU's memory, and the unit in which they count.
const SHARES: &[(&str, &str)] = &[
    ("nvidia.com/gpumem", "MiB"),
    ("nvidia.com/gpumem-percentage", "%"),
    ("aliyun.com/gpu-mem", "GiB"),
    ("volcano.sh/vgpu-memory", "MiB"),
    ("volcano.sh/gpu-memory", "MiB"),
    ("tencent.com/vcuda-memory", "× 256 MiB"),
];

/// Annotations by which Run:ai grants a share of a GPU, and the unit in which they count.
const SHARE_ANNOTATIONS: &[(&str, &str)] = &[("gpu-fraction", "of a GPU"), ("gpu-memory", "MiB")];

impl Teller<'_, '_> {
    pub(super) fn gpu(&self) -> GpuRequest {
        let mut request = GpuRequest::default();
        for part in ["limits", "requests"] {
            for (name, value) in self
                .container
                .at(&["resources", part])
                .into_iter()
                .flat_map(Node::entries)
            {
                if request.count.is_absent() {
                    self.whole_gpus(name, value, &mut request);
                }
            }
        }
        for (name, unit) in SHARES {
            if let Some(value) = self.resource(name).filter(|_| request.slice.is_absent()) {
                self.share(name, value, unit, &mut request);
            }
        }
        for (key, unit) in SHARE_ANNOTATIONS {
            let stated = self.annotation(key).filter(|_| request.slice.is_absent());
            if let Some(value) = stated {
                self.share(key, value, unit, &mut request);
            }
        }
        if request.count.is_absent()
            && let Some(claims) = self
                .container
                .at(&["resources", "claims"])
                .filter(|claims| claims.is_seq())
        {
            let why = "a resource claim asks for its GPUs, and says how many elsewhere";
            request.count = Field::Unknown(why.to_owned(), Some(self.place(claims)));
        }
        self.labels(&mut request);
        request
    }

    /// A resource that counts GPUs, or slices of them.
    fn whole_gpus(&self, name: &Node, value: &Node, request: &mut GpuRequest) {
        let Some(key) = name.as_str() else {
            return;
        };
        let profile = key.strip_prefix("nvidia.com/mig-");
        let bare = key.strip_suffix(".shared").unwrap_or(key);
        let is_whole = WHOLE.contains(&bare) || bare.ends_with("/gpu") || key == "volcano.sh/vgpu-number";
        if key == "aws.amazon.com/neuroncore" {
            let why = "`aws.amazon.com/neuroncore` counts cores, of which a chip has several";
            request.count = Field::Unknown(why.to_owned(), Some(self.place(value)));
        } else if profile.is_some() || is_whole {
            request.count = whole(self.reading, Some(value));
            let written = value.as_str().unwrap_or_default();
            if quantity(written).is_some_and(|amount| !amount.fract().is_zero()) {
                request.fraction = Field::Known(written.to_owned(), self.place(value));
            }
            // Zero of them is how a container says that it wants none.
            if request.count.known() == Some(&0) {
                request.count = Field::default();
                return;
            }
        } else {
            return;
        }
        request.resource = Field::Known(key.to_owned(), self.place(name));
        let share = value.as_str().and_then(|text| text.parse::<f64>().ok());
        if let Some(share) = share.filter(|share| *share < 1.0) {
            request.slice = Field::Known(format!("{share} of a GPU"), self.place(value));
        }
        if let Some(profile) = profile {
            let profile = profile.strip_suffix(".shared").unwrap_or(profile);
            request.slice = Field::Known(profile.to_owned(), self.place(name));
        }
        if key.ends_with(".shared") {
            request.shared = Field::Known(format!("the resource `{key}`"), self.place(name));
        }
    }

    fn share(&self, name: &str, value: &Node, unit: &str, request: &mut GpuRequest) {
        let text = value.as_str().unwrap_or_default();
        // A percentage of 100 is a whole GPU.
        if text == "0" || (unit == "%" && text == "100") || (unit == "of a GPU" && text.parse() == Ok(1.0_f64)) {
            return;
        }
        let place = self.place(value);
        request.slice = Field::Known(format!("{text} {unit}"), place);
        if request.count.is_absent() {
            request.count = Field::Known(1, place);
        }
        if request.resource.is_absent() {
            request.resource = Field::Known(name.to_owned(), place);
        }
    }

    pub(super) fn annotation(&self, key: &str) -> Option<&Node> {
        let metadata = self.pod.metadata?;
        ["annotations", "labels"]
            .iter()
            .find_map(|part| metadata.at(&[part, key]))
    }

    /// What the pod's node selector and required node affinity say of the GPU.
    fn labels(&self, request: &mut GpuRequest) {
        let selector = self.pod.spec.get("nodeSelector").into_iter().flat_map(Node::entries);
        for (key, value) in selector.take(MOST) {
            self.label(key, value, request);
        }
        const REQUIRED: &[&str] = &[
            "affinity",
            "nodeAffinity",
            "requiredDuringSchedulingIgnoredDuringExecution",
            "nodeSelectorTerms",
        ];
        for term in self.pod.spec.at(REQUIRED).into_iter().flat_map(Node::items) {
            for expression in term.get("matchExpressions").into_iter().flat_map(Node::items) {
                let operator = expression.get("operator").and_then(Node::as_str);
                if let (Some("In"), Some(key)) = (operator, expression.get("key")) {
                    for value in expression.get("values").into_iter().flat_map(Node::items) {
                        self.label(key, value, request);
                    }
                }
            }
        }
    }

    fn label(&self, key: &Node, value: &Node, request: &mut GpuRequest) {
        let (Some(name), Some(text)) = (key.as_str(), value.as_str()) else {
            return;
        };
        let place = self.place(value);
        let owned = text.to_owned();
        let custom = CUSTOM_LABELS.contains(&name.rsplit('/').next().unwrap_or(name));
        if request.labels.len() >= MOST {
            return;
        }
        if PRODUCT_LABELS.contains(&name) || (custom && text.contains(|c: char| c.is_ascii_digit())) {
            let (product, profile, shared) = product(text);
            if let Some(profile) = profile {
                request.slice = Field::Known(profile.to_owned(), place);
            }
            if shared {
                request.shared = Field::Known(format!("the label `{text}`"), place);
            }
            request.labels.push((GpuLabel::Product(product.to_owned()), place));
        } else if INSTANCE_LABELS.contains(&name) {
            request.labels.push((GpuLabel::Instance(owned), place));
        } else if FAMILY_LABELS.contains(&name) {
            request.labels.push((GpuLabel::Family(owned), place));
        } else if PROFILE_LABELS.contains(&name) {
            request.slice = Field::Known(owned, place);
        } else if SHARING_LABELS.contains(&name) && !matches!(text, "none" | "false" | "1") {
            request.shared = Field::Known(format!("the label `{name}: {text}`"), place);
        }
    }
}

/// A product label's product, its MIG profile and whether it says that the GPU is shared: NVIDIA's feature discovery
/// writes `NVIDIA-A100-SXM4-40GB-MIG-1g.5gb` and `Tesla-T4-SHARED`.
fn product(label: &str) -> (&str, Option<&str>, bool) {
    let (label, shared) = match label.strip_suffix("-SHARED") {
        Some(label) => (label, true),
        None => (label, false),
    };
    match label.split_once("-MIG-") {
        Some((product, profile)) => (product, Some(profile), shared),
        None => (label, None, shared),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn product_labels_tell_slices_and_sharing() {
        assert_eq!(
            product("NVIDIA-A100-SXM4-40GB-MIG-1g.5gb"),
            ("NVIDIA-A100-SXM4-40GB", Some("1g.5gb"), false)
        );
        assert_eq!(product("Tesla-T4-SHARED"), ("Tesla-T4", None, true));
    }
}
