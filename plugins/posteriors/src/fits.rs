//! Members that are fits, one a chain.

use amplicast_sdk::*;

/// The vector of a chain.
const PARAMETERS: &str = "parameters";

/// A chain that is one fit to the rows that it was given.
pub fn fit(inference: &Inference<'_>, settings: &TrainingSettings) -> Result<Chain> {
    let Inference { model, rows, seed, context, .. } = *inference;
    if rows.is_empty() {
        return Err(Error::data("expected at least one training event, found none"));
    }
    Ok(Chain::new([(PARAMETERS, model.fit(rows, settings, seed.split("fit"), context)?)]))
}

/// The members of the first chains, one each.
pub fn members(chains: &[Chain], count: u64) -> Result<Members> {
    let found = chains.len() as u64;
    if found < count {
        return Err(Error::data(format!("expected a chain for each of {count} members, found {found}")));
    }
    let parameters = |chain: &Chain| Ok(chain.get(PARAMETERS)?.to_vec());
    Ok(Members::independent(chains[..count as usize].iter().map(parameters).collect::<Result<_>>()?))
}
