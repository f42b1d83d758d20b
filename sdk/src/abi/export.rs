//! What a plugin library hands over: its components, gathered by `inventory` inside the library.

use abi_stable::StableAbi;
use abi_stable::library::{AbiHeaderRef, LibraryError, RootModule};
use abi_stable::prefix_type::PrefixTypeTrait;
use abi_stable::sabi_trait::TD_Opaque;
use abi_stable::sabi_types::VersionStrings;
use abi_stable::std_types::{ROption, RStr, RString, RVec};

use super::caller::Caller;
use super::guard::{Guarded, guard};
use super::loaded_summary::LoadedSummary;
use super::tag::ABI_VERSION_TEXT;
use super::types::Res;
use super::{dataset, fitted_summary, generator, metric, summary, uncertainty};
use crate::component::read_config;
use crate::{
    Component, Dataset, Error, FittedSummary, Generator, Metric, Result, SummaryStatistic, UncertaintyModel,
};

/// The name of the symbol that the host looks up.
pub const MODULE_SYMBOL: &str = "AMPLICAST_PLUGIN_MODULE";

/// What a component is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `[dataset]`
    Dataset,
    /// `[[generator]]`
    Generator,
    /// `[[uncertainty]]`
    Uncertainty,
    /// `[[summary]]`
    Summary,
    /// `[[metric]]`
    Metric,
}

impl Kind {
    /// All kinds in the order of an experiment file.
    pub const ALL: [Kind; 5] =
        [Kind::Dataset, Kind::Generator, Kind::Uncertainty, Kind::Summary, Kind::Metric];

    /// The name of its table in an experiment.
    pub fn table(self) -> &'static str {
        match self {
            Kind::Dataset => "dataset",
            Kind::Generator => "generator",
            Kind::Uncertainty => "uncertainty",
            Kind::Summary => "summary",
            Kind::Metric => "metric",
        }
    }
}

#[repr(u8)]
#[derive(StableAbi, Clone)]
pub enum AbiCreate {
    Dataset(extern "C" fn(RStr<'_>) -> Res<dataset::DatasetBox>),
    Generator(extern "C" fn(RStr<'_>) -> Res<generator::GeneratorBox>),
    Uncertainty(extern "C" fn(RStr<'_>) -> Res<uncertainty::UncertaintyModelBox>),
    Summary(extern "C" fn(RStr<'_>) -> Res<summary::SummaryStatisticBox>),
    FittedSummary(extern "C" fn(RStr<'_>) -> Res<fitted_summary::FittedSummaryBox>),
    Metric(extern "C" fn(RStr<'_>) -> Res<metric::MetricBox>),
}

/// A component as a library hands it over.
#[repr(C)]
#[derive(StableAbi, Clone)]
pub struct AbiComponent {
    /// Its name in experiments.
    pub name: RString,
    /// One sentence.
    pub about: RString,
    create: AbiCreate,
    schema: extern "C" fn() -> Res<RString>,
    effective: extern "C" fn(RStr<'_>) -> Res<RString>,
    of_arguments: extern "C" fn(RVec<RString>) -> Res<ROption<RString>>,
}

macro_rules! creators {
    ($($create:ident $kind:ident $trait:ident $module:ident :: $adapter:ident => $object:ident :: $to:ident $loaded:ident;)*) => {
        impl AbiComponent {
            $(
                /// Makes the component from its configuration in JSON.
                pub fn $create(&self, config: &str, caller: Caller) -> Result<$module::$loaded> {
                    match &self.create {
                        AbiCreate::$kind(create) => {
                            let object = caller.call("create", || create(config.into()))?;
                            $module::$loaded::new(object, caller)
                        }
                        _ => Err(Error::unsupported(format!(
                            "`{}` is a {}, not a {}", self.name, self.kind().table(), Kind::$kind.table()
                        ))),
                    }
                }
            )*
        }
        impl Registration {
            $(
                /// Registers a component of this kind; used by the `register_*!` macros.
                pub const fn $create<C: $trait>(record: &'static [u8]) -> Self {
                    extern "C" fn create<C: $trait>(config: RStr<'_>) -> Res<$module::$object> {
                        guard(|| {
                            let component = C::new(read_config(config.as_str())?)?;
                            let adapter = $module::$adapter(Guarded::new(C::NAME, component));
                            Ok($module::$to::from_value(adapter, TD_Opaque))
                        })
                    }
                    Registration {
                        component: || component::<C>(AbiCreate::$kind(create::<C>), no_arguments),
                        record,
                    }
                }
            )*
        }
    };
}

creators! {
    dataset Dataset Dataset dataset::Adapter => DatasetBox::AbiDataset_TO LoadedDataset;
    generator Generator Generator generator::GeneratorAdapter => GeneratorBox::AbiGenerator_TO LoadedGenerator;
    uncertainty Uncertainty UncertaintyModel uncertainty::Adapter => UncertaintyModelBox::AbiUncertaintyModel_TO LoadedUncertaintyModel;
    metric Metric Metric metric::Adapter => MetricBox::AbiMetric_TO LoadedMetric;
}

impl AbiComponent {
    /// Makes the component from its configuration in JSON.
    pub fn summary(&self, config: &str, caller: Caller) -> Result<LoadedSummary> {
        match &self.create {
            AbiCreate::Summary(create) => {
                let object = caller.call("create", || create(config.into()))?;
                Ok(LoadedSummary::Fixed(summary::LoadedSummaryStatistic::new(object, caller)?))
            }
            AbiCreate::FittedSummary(create) => {
                let object = caller.call("create", || create(config.into()))?;
                Ok(LoadedSummary::Fitted(fitted_summary::LoadedFittedSummary::new(object, caller)?))
            }
            _ => {
                let kind = self.kind().table();
                Err(Error::unsupported(format!("`{}` is a {kind}, not a summary", self.name)))
            }
        }
    }

    /// Makes the component, whatever its kind, and drops it: an error if the configuration is not for it.
    pub fn try_config(&self, config: &str, caller: Caller) -> Result<()> {
        match self.kind() {
            Kind::Dataset => self.dataset(config, caller).map(drop),
            Kind::Generator => self.generator(config, caller).map(drop),
            Kind::Uncertainty => self.uncertainty(config, caller).map(drop),
            Kind::Summary => self.summary(config, caller).map(drop),
            Kind::Metric => self.metric(config, caller).map(drop),
        }
    }

    /// What the component is.
    pub fn kind(&self) -> Kind {
        match self.create {
            AbiCreate::Dataset(_) => Kind::Dataset,
            AbiCreate::Generator(_) => Kind::Generator,
            AbiCreate::Uncertainty(_) => Kind::Uncertainty,
            AbiCreate::Summary(_) | AbiCreate::FittedSummary(_) => Kind::Summary,
            AbiCreate::Metric(_) => Kind::Metric,
        }
    }

    /// What it is called: the name of its table, or `fitted summary`.
    pub fn title(&self) -> &'static str {
        match self.create {
            AbiCreate::FittedSummary(_) => "fitted summary",
            _ => self.kind().table(),
        }
    }

    /// The JSON Schema of its configuration.
    pub fn schema(&self, caller: &Caller) -> Result<String> {
        Ok(caller.call("schema", || (self.schema)())?.into_string())
    }

    /// The configuration with its defaults filled in, as JSON; refuses what does not parse.
    pub fn effective(&self, config: &str, caller: &Caller) -> Result<String> {
        Ok(caller.call("config", || (self.effective)(config.into()))?.into_string())
    }

    /// See [`SummaryStatistic::config_of_arguments`].
    pub fn config_of_arguments(&self, arguments: &[&str], caller: &Caller) -> Result<Option<String>> {
        let arguments: RVec<RString> = arguments.iter().map(|&a| RString::from(a)).collect();
        let config = caller.call("config", || (self.of_arguments)(arguments))?;
        Ok(config.into_option().map(RString::into_string))
    }
}

/// What a summary's arguments stand for.
type OfArguments = fn(&[&str]) -> Option<String>;

macro_rules! summaries {
    ($($create:ident $kind:ident $trait:ident $module:ident $object:ident $to:ident;)*) => {
        impl Registration {
            $(
                /// Registers a summary of this kind; used by the `register_*!` macros.
                pub const fn $create<C: $trait>(record: &'static [u8]) -> Self {
                    extern "C" fn create<C: $trait>(config: RStr<'_>) -> Res<$module::$object> {
                        guard(|| {
                            let component = C::new(read_config(config.as_str())?)?;
                            let adapter = $module::Adapter(Guarded::new(C::NAME, component));
                            Ok($module::$to::from_value(adapter, TD_Opaque))
                        })
                    }
                    extern "C" fn of_arguments<C: $trait>(list: RVec<RString>) -> Res<ROption<RString>> {
                        read_arguments(list, C::config_of_arguments)
                    }
                    Registration {
                        component: || component::<C>(AbiCreate::$kind(create::<C>), of_arguments::<C>),
                        record,
                    }
                }
            )*
        }
    };
}

summaries! {
    summary Summary SummaryStatistic summary SummaryStatisticBox AbiSummaryStatistic_TO;
    fitted_summary FittedSummary FittedSummary fitted_summary FittedSummaryBox AbiFittedSummary_TO;
}

fn read_arguments(list: RVec<RString>, of_arguments: OfArguments) -> Res<ROption<RString>> {
    guard(|| {
        let arguments: Vec<&str> = list.iter().map(|a| a.as_str()).collect();
        Ok(of_arguments(&arguments).map(RString::from).into())
    })
}

extern "C" fn no_arguments(_: RVec<RString>) -> Res<ROption<RString>> {
    guard(|| Ok(ROption::RNone))
}

fn component<C: Component>(
    create: AbiCreate,
    of_arguments: extern "C" fn(RVec<RString>) -> Res<ROption<RString>>,
) -> AbiComponent {
    extern "C" fn schema<C: Component>() -> Res<RString> {
        guard(|| Ok(schemars::schema_for!(C::Config).as_value().to_string().into()))
    }
    extern "C" fn effective<C: Component>(config: RStr<'_>) -> Res<RString> {
        guard(|| {
            let config: C::Config = read_config(config.as_str())?;
            let json = serde_json::to_string(&config)
                .map_err(|e| Error::plugin(format!("the configuration cannot be written: {e}")))?;
            Ok(json.into())
        })
    }
    AbiComponent {
        name: C::NAME.into(),
        about: C::ABOUT.into(),
        create,
        schema: schema::<C>,
        effective: effective::<C>,
        of_arguments,
    }
}

/// A component registered in this library.
pub struct Registration {
    component: fn() -> AbiComponent,
    /// Its record: as long as the linker keeps the registration, it keeps what is said of it.
    #[allow(dead_code)]
    record: &'static [u8],
}

inventory::collect!(Registration);

/// The root module of a plugin library.
#[repr(C)]
#[derive(StableAbi)]
#[sabi(kind(Prefix(prefix_ref = PluginModuleRef)))]
#[sabi(missing_field(panic))]
pub struct PluginModule {
    /// The library's components.
    pub components: extern "C" fn() -> Res<RVec<AbiComponent>>,
    /// Panics of destructors since the last call.
    #[sabi(last_prefix_field)]
    pub drop_errors: extern "C" fn() -> RVec<RString>,
}

impl RootModule for PluginModuleRef {
    abi_stable::declare_root_module_statics! {PluginModuleRef}
    const BASE_NAME: &'static str = "amplicast_plugin";
    const NAME: &'static str = "amplicast_plugin";
    const VERSION_STRINGS: VersionStrings = VersionStrings::new(ABI_VERSION_TEXT);
}

/// The root module with the components of the library that this is linked into.
pub fn root_module() -> PluginModuleRef {
    extern "C" fn components() -> Res<RVec<AbiComponent>> {
        guard(|| {
            let mut list: Vec<AbiComponent> =
                inventory::iter::<Registration>().map(|registration| (registration.component)()).collect();
            list.sort_by(|a, b| (a.kind(), a.name.as_str()).cmp(&(b.kind(), b.name.as_str())));
            Ok(list.into())
        })
    }
    extern "C" fn drop_errors() -> RVec<RString> {
        super::take_drop_errors().into_iter().map(RString::from).collect()
    }
    PluginModule { components, drop_errors }.leak_into_prefix()
}

/// Checks the layout of a library's root module and gives it; `header` is the library's symbol [`MODULE_SYMBOL`].
pub fn load_module(header: AbiHeaderRef) -> Result<PluginModuleRef, LibraryError> {
    header.upgrade()?.init_root_module::<PluginModuleRef>()
}

/// What the `register_*!` macros have in common: the record in the plugin's file, and the registration.
#[doc(hidden)]
#[macro_export]
macro_rules! register_component {
    ($component:ty, $create:ident, $title:literal) => {
        const _: () = {
            const NAME: &str = <$component as $crate::Component>::NAME;
            const ABOUT: &str = <$component as $crate::Component>::ABOUT;
            const LENGTH: usize = $crate::abi::record_length($title, NAME, ABOUT);
            #[used]
            #[allow(unsafe_code)]
            #[unsafe(link_section = ".amplicast.components")]
            static RECORD: [u8; LENGTH] = $crate::abi::encode_record($title, NAME, ABOUT);
            $crate::inventory::submit! { $crate::abi::Registration::$create::<$component>(&RECORD) }
        };
    };
}

/// Registers a dataset of this library; `export_plugin!` hands all of them to the host.
#[macro_export]
macro_rules! register_dataset {
    ($component:ty) => {
        $crate::register_component! { $component, dataset, "dataset" }
    };
}

/// Registers a generator of this library; `export_plugin!` hands all of them to the host.
#[macro_export]
macro_rules! register_generator {
    ($component:ty) => {
        $crate::register_component! { $component, generator, "generator" }
    };
}

/// Registers an uncertainty model of this library; `export_plugin!` hands all of them to the host.
#[macro_export]
macro_rules! register_uncertainty {
    ($component:ty) => {
        $crate::register_component! { $component, uncertainty, "uncertainty" }
    };
}

/// Registers a summary statistic of this library; `export_plugin!` hands all of them to the host.
#[macro_export]
macro_rules! register_summary {
    ($component:ty) => {
        $crate::register_component! { $component, summary, "summary" }
    };
}

/// Registers a fitted summary of this library; `export_plugin!` hands all of them to the host.
#[macro_export]
macro_rules! register_fitted_summary {
    ($component:ty) => {
        $crate::register_component! { $component, fitted_summary, "fitted summary" }
    };
}

/// Registers a metric of this library; `export_plugin!` hands all of them to the host.
#[macro_export]
macro_rules! register_metric {
    ($component:ty) => {
        $crate::register_component! { $component, metric, "metric" }
    };
}

/// Makes a cdylib an amplicast plugin: once, in the crate that becomes the shared library.
#[macro_export]
macro_rules! export_plugin {
    () => {
        #[cfg(panic = "abort")]
        compile_error!(
            "an amplicast plugin needs panic = \"unwind\": with \"abort\" its panics would kill the host"
        );

        #[used]
        #[allow(unsafe_code)]
        #[unsafe(link_section = ".amplicast")]
        static AMPLICAST_PLUGIN_TAG: [u8; $crate::abi::TAG_LENGTH] = $crate::abi::encode_tag();

        #[allow(unsafe_code, missing_docs)]
        #[unsafe(no_mangle)]
        pub static AMPLICAST_PLUGIN_MODULE: $crate::abi_stable::library::LibHeader = {
            extern "C" fn module() -> $crate::abi_stable::library::RootModuleResult {
                $crate::abi_stable::library::__call_root_module_loader($crate::abi::root_module)
            }
            // SAFETY: `module` returns the erased `PluginModuleRef` that is named here.
            unsafe {
                $crate::abi_stable::library::LibHeader::from_constructor::<$crate::abi::PluginModuleRef>(
                    module,
                    $crate::abi_stable::library::CheckTypeLayout::Yes,
                )
            }
        };
    };
}
