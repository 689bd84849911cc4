"""What training fits: linear models, their calibration, and what folders say.

The only module that uses scikit-learn. One logistic regression per topic, learned by averaged stochastic gradient
descent, which reaches the quality of a full solver in a twentieth of the time. Features are counted once and the model
is fitted several times on them: on parts of the documents to see how it does on the rest, then on all."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from .batches import Reading
from .linear import FeatureCounts, Linear, Scales, count, sigmoid, values

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Where the numbers are from: [topics] `python bench/ablate.py topics`, "Topics" in bench/RESULTS.md.
#: [topics] A feature must stand in this many documents.
LEAST_DOCUMENTS = 2
MOST_FEATURES = 60_000  # of the commonest: bounds the size of the weights
ALPHA = 2e-5  # strength of the penalty on large weights: by hand, [topics] has half and twice of it
STEPS = 50_000  # guards time: documents looked at a topic, in at least three passes
MOST_PASSES = 8  # guards time: over few documents
RIDGE = 2.0  # of the news value; from 1 to 4 the rank correlation moves by .001
SURE = 0.02  # of a whole document; what counts for less is left out, for speed


class Design:
    """Documents as a sparse matrix of features, ready to be fitted."""

    def __init__(self, reading: Reading, stems: tuple[str, ...], topics: tuple[str, ...]) -> None:
        import numpy as np
        from scipy.sparse import csr_matrix

        counts = count(reading.stem, reading.document, reading.in_title, len(stems))
        keys, place, frequency = np.unique(counts.key, return_inverse=True, return_counts=True)
        kept = frequency >= LEAST_DOCUMENTS
        if int(kept.sum()) > MOST_FEATURES:
            floor = int(np.sort(frequency)[-MOST_FEATURES])
            kept = frequency > floor
        column = np.cumsum(kept) - 1
        rows = kept[place]
        found = FeatureCounts(counts.document[rows], column[place[rows]], counts.times[rows])
        self.topics = topics
        self.stems = stems
        self.foreign = (~reading.english).astype(np.int64)
        self.keys: NDArray[np.int64] = keys[kept]
        # The rarity of a word is that among the texts of its language.
        texts = np.bincount(self.foreign, minlength=2)
        elsewhere = np.zeros(self.keys.size, np.int64)
        elsewhere[found.key] = self.foreign[found.document]
        self.idf = (np.log((1 + texts[elsewhere]) / (1 + frequency[kept])) + 1).astype(np.float32)
        pruned = ~rows & (counts.key < len(stems))
        unknown = np.bincount(counts.document[pruned], minlength=reading.documents).astype(np.float64)
        value = values(found, self.idf, reading.documents, unknown)
        shape = (reading.documents, self.keys.size)
        self.matrix: Any = csr_matrix((value, (found.document, found.key)), shape=shape)

    def fit(
        self,
        targets: NDArray[np.float64],
        weights: NDArray[np.float64],
        rows: NDArray[np.bool_] | None = None,
        *,
        passes: int = MOST_PASSES,
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weights (features by topics) and bias from documents and what is held true of each topic.

        `targets` are probabilities: the nearer to a half, the less the document counts for that topic, and at a
        half not at all. `weights` say how much a document counts as a whole; `rows` which ones are looked at, in at
        most so many `passes`.
        """
        import numpy as np
        from sklearn.linear_model import SGDClassifier

        many = len(self.topics)
        coefficients = np.zeros((self.keys.size, many), np.float32)
        bias = np.full((2, many), -3.0, np.float32)
        seen = np.ones(len(weights), np.bool_) if rows is None else rows
        # A document with a weight above 1 is repeated: one large step would make the descent diverge.
        times = np.maximum(np.round(weights), 1).astype(np.int64)
        # English and the others share no word: each has a fit of its own, as the other's examples are nothing to it.
        for number, other in product(range(many), (0, 1)):
            sure = weights * np.abs(2 * targets[:, number] - 1) / times
            used = np.flatnonzero((sure > SURE) & seen & (self.foreign == other))
            used = np.repeat(used, times[used])
            truth = targets[used, number] > 0.5
            if not used.size or truth.all() or not truth.any():
                continue
            solver = SGDClassifier(
                loss="log_loss",
                alpha=ALPHA,
                max_iter=min(max(STEPS // used.size, 3), passes),
                tol=None,
                average=True,
                random_state=0,
            )
            solver.fit(self.matrix[used], truth, sample_weight=sure[used] / sure[used].mean())
            coefficients[:, number] += solver.coef_[0]
            bias[other, number] = solver.intercept_[0]
        return coefficients, bias

    def fit_value(
        self, grades: NDArray[np.float64], beside: Any, rows: NDArray[np.bool_] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
        """Weights of the expected grade by ridge regression, of all documents or of some `rows`; its bias for English and
        for the other languages, which share no word and so are fitted apart; and the weights for both of what stands
        `beside` the words and means the same in every language: the others learn how they differ from English in it."""
        import numpy as np
        from scipy.sparse import hstack
        from sklearn.linear_model import Ridge

        seen = np.ones(len(grades), np.bool_) if rows is None else rows
        whole = hstack([self.matrix, beside]).tocsr()
        weights = np.zeros(self.keys.size, np.float32)
        bias = np.full(2, grades[seen].mean(), np.float32)
        shared = np.zeros((2, beside.shape[1]), np.float32)
        for other in (0, 1):
            used = np.flatnonzero(seen & (self.foreign == other))
            shared[other] = shared[0]
            if used.size:
                left = grades[used] - beside[used] @ shared[other]
                solver = Ridge(alpha=RIDGE, solver="lsqr").fit(whole[used], left)
                weights += solver.coef_[: self.keys.size].astype(np.float32)
                bias[other] = solver.intercept_
                shared[other] += solver.coef_[self.keys.size :].astype(np.float32)
        return weights, bias, shared

    def fit_kinds(
        self, kinds: Sequence[str], order: Sequence[str]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Weights (features by kinds) of the log-odds of each kind against the others (softmax), and its bias for English
        and for the other languages."""
        import numpy as np
        from sklearn.linear_model import LogisticRegression

        weights = np.zeros((self.keys.size, len(order)), np.float32)
        bias = np.zeros((2, len(order)), np.float32)
        told = np.array(kinds)
        for other in (0, 1):
            used = np.flatnonzero(self.foreign == other)
            if len(set(told[used].tolist())) < 3:
                continue  # two kinds and fewer have another form of solution, and nothing to choose from
            solver = LogisticRegression(C=10.0, max_iter=100, tol=1e-3).fit(self.matrix[used], told[used])
            bias[other] = solver.intercept_.min()  # of a kind that this language has no example of
            for row, kind in enumerate(solver.classes_):
                weights[:, order.index(kind)] += solver.coef_[row].astype(np.float32)
                bias[other, order.index(kind)] = solver.intercept_[row]
        return weights, bias

    def predict(
        self, fitted: tuple[NDArray[np.float32], NDArray[np.float32]], rows: NDArray[np.bool_]
    ) -> NDArray[np.float64]:
        """Log-odds of some documents by a model fitted on others."""
        found: NDArray[np.float64] = self.matrix[rows] @ fitted[0] + fitted[1][self.foreign[rows]]
        return found

    def model(self, fitted: tuple[NDArray[np.float32], NDArray[np.float32]]) -> Linear:
        """The fitted model, without stems that no feature uses."""
        return _compact(Linear(self.topics, self.stems, self.keys, self.idf, *fitted))


def _compact(model: Linear) -> Linear:
    import numpy as np

    size = max(len(model.stems), 1)
    first, second = np.divmod(model.keys, size)
    used = np.unique(np.concatenate([first[first > 0] - 1, second]))
    place = np.zeros(size, np.int64)
    place[used] = np.arange(used.size)
    keys = np.where(first > 0, (place[np.maximum(first - 1, 0)] + 1) * used.size, 0) + place[second]
    order = np.argsort(keys)
    return model._replace(
        stems=tuple(model.stems[number] for number in used.tolist()),
        keys=keys[order],
        idf=model.idf[order],
        weights=model.weights[order],
    )


class Formula(NamedTuple):
    """Log-odds = model * (the model's) + lexicon * (the lexicon's) + intercept."""

    model: float
    lexicon: float
    intercept: float

    def __call__(self, learned: NDArray[np.float64], lexical: NDArray[np.float64]) -> NDArray[np.float64]:
        found: NDArray[np.float64] = self.model * learned + self.lexicon * lexical + self.intercept
        return found

    def scales(self) -> Scales:
        """The weighing of a tagger that judges by this line."""
        alone = Scales()
        return Scales(
            base=self.lexicon * alone.base + self.intercept,
            lexicon=self.lexicon * alone.lexicon,
            rivals=self.lexicon * alone.rivals,
            other=self.lexicon * alone.other,
            model=self.model,
        )


#: Slope and intercept where nothing can be fitted; also what a fit is drawn to, as by a few dozen examples.
USUAL = (1.6, 2.5)
PULL = 20.0  # [topics]


def line(share: float, slope: float, intercept: float) -> Formula:
    """The line of a model that has a share of the judgement, the lexicon having the rest."""
    return Formula(slope * share, slope * (1 - share), intercept)


def fit(
    learned: NDArray[np.float64],
    lexical: NDArray[np.float64],
    truth: NDArray[np.float64],
    weights: NDArray[np.float64],
    share: float,
) -> Formula:
    """The line with the given share that makes `truth` (1, 0; .5 is left out) most likely.

    Logistic regression by Newton's method. Arrays are documents by topics; `weights` one a document. The share is
    given, not fitted, because the model knows the reader's own items better than our examples.
    """
    import numpy as np

    told = np.abs(truth - 0.5) > 0.4
    y = (truth[told] > 0.5).astype(float)
    if y.sum() < PULL:
        return line(share, *USUAL)
    w = np.broadcast_to(weights[:, None], truth.shape)[told]
    mixed = share * learned[told] + (1 - share) * lexical[told]
    x = np.stack([mixed, np.ones(y.size)], axis=1)
    prior = np.array(USUAL)
    at = prior.copy()
    for _ in range(25):
        p = sigmoid(x @ at)
        gradient = x.T @ (w * (p - y)) + PULL * (at - prior)
        curvature = (x * (w * p * (1 - p))[:, None]).T @ x + PULL * np.eye(2)
        step = np.linalg.solve(curvature, gradient)
        at -= step
        if np.abs(step).max() < 1e-6:
            break
    return line(share, max(float(at[0]), 0.3), float(at[1]))


TRUST = 0.8  # in a folder: most readers file most feeds rightly, and judging it by its items brought nothing
GAIN = 4.0  # log-odds between having a topic in a feed of it (.88) and anywhere (.12)
LOSS = 1.0  # by hand, [topics] has 0: and what the folder takes from each other topic


def believe(z: NDArray[np.float64], folder: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probabilities of topics (columns) with the folder taken into account: a mixture of right and wrong folder. `folder` is the
    topic's column that each document's folder names, -1 for none."""
    import numpy as np

    plain = sigmoid(z)
    shift = np.full_like(z, -LOSS)
    labelled = folder >= 0
    shift[labelled, folder[labelled]] = GAIN
    believed = TRUST * sigmoid(z + shift) + (1 - TRUST) * plain
    return np.where(labelled[:, None], believed, plain)
