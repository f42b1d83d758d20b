//! Fixed texts of the HTML page: style, what the numbers do not show, how to cite.

/// The style sheet: black on white, like a supplementary page of a paper; prints well.
pub(super) const STYLE: &str = include_str!("style.css");

/// How the cells of the table are read.
pub(super) const READING: &str = "\
<p class=\"small\">A number with brackets is G with its 68&nbsp;% interval; &gt; and &lt; are bounds at 95&nbsp;%; \
<em>unresolved</em> means that the data allow neither; <em>in-sample</em> means that the reference is the training set \
itself: the paper&rsquo;s number is shown, but it is no evidence of amplification; <em>variance only</em> means that the spread of the \
members is all that is known: a bias is not in it. Where members know the events that they were fitted to, G includes the bias, and is that of one fit. Several training sets are summed up by \
their median with the 16 and 84&nbsp;% quantiles in brackets, bounds by the most cautious one. The <em>true G</em>, where the truth \
is known, is the amplification of the mean over members, and below it that of a single one, each with \
its 68&nbsp;% interval. It is an expectation over training sets: what <em>this training set</em> alone gave scatters widely about it, \
and its interval holds only what finite numbers of events leave open. For a calibrated posterior without a bias the single member has half the G: it \
deviates by its variance and by the squared bias of the mean, which are then equal.</p>\n";

/// What a reader could wrongly conclude.
pub(super) const LIMITS: &str = "\
<h2 id=\"limits\">What these numbers do not show</h2>
<ul>
<li><strong>A gain for every analysis.</strong> Each G is a statement about one summary, one selection and one metric. \
Another summary of the same events can have a G below one. Averaging metrics (integral, mean) see nothing inside their regions; \
differential ones (KS) see local differences, and give smaller values. A low-dimensional summary such as a radius is \
blind to all deviations in the other directions.</li>
<li><strong>New information.</strong> Generated events are a function of the training events and of random numbers, so they \
hold no more information on the parameters of a theory than the training events do (Matchev et al., from the data processing \
inequality). An analysis that already makes the best use of the training events gains nothing. Where G is above one, the \
network&rsquo;s smooth interpolation, that is, assumptions about the density that its architecture and training make, replaced \
statistical fluctuations; the gain is as good as those assumptions.</li>
<li><strong>That uncertainties vanish with n<sub>gen</sub>.</strong> What the training set left undetermined stays in the \
generated events as a systematic uncertainty, common to all of them. It does not fall with more events, and an analysis has \
to carry it, for instance by repeating its steps for several members.</li>
<li><strong>Independence from the training set, where the verdict is in-sample.</strong> A generator that memorizes its training \
events reaches distance zero to them. Only <em>left-out</em>, <em>holdout</em> and <em>truth</em> are honest references.</li>
<li><strong>The spread over training sets.</strong> The intervals hold the statistics of the members that were drawn from one \
posterior, and of the events that were compared. Another training set of the same size gives another G; only runs with several \
training sets show how far they spread. A posterior that is too narrow gives a G that is too large: the estimate is as good \
as its calibration.</li>
<li><strong>Large G from KS distances.</strong> The law of the distance flattens once the sample is much larger than the \
reference. A distance that agrees with the law there excludes small G and cannot tell large ones apart; the result is a lower \
bound. A validation sample cannot confirm a G far above its own size divided by n<sub>train</sub>.</li>
</ul>
";

/// The two papers.
pub(super) const CITE: &str = "\
<h2 id=\"cite\">How to cite</h2>
<p>The method is that of</p>
<p class=\"cite\">H. Bahl, S. Diefenbacher, N. Elmer, T. Plehn, J. Spinner, <em>Forecasting Generative Amplification</em> \
(October 2025).</p>
<p>Whoever quotes a G should also quote the argument on what it cannot mean:</p>
<p class=\"cite\">K. T. Matchev, A. Roman, P. Shyamsundar, <em>Uncertainties associated with GAN-generated datasets in high energy \
physics</em>, SciPost Phys. 12, 104 (2022), doi:10.21468/SciPostPhys.12.3.104.</p>
";
