package org.sgquant.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

final class SyntheticCitationGraphTest {

    @Test
    void theDefaultLooksLikeCora() {
        try (Dataset d = SyntheticCitationGraph.CORA_SIZED.generate()) {
            assertThat(d.graph().numEdges()).isEqualTo(2 * 5278);
            assertThat(d.graph().maxDegree()).isGreaterThan(100);
            assertThat(d.cleaning().isolatedNodes()).isZero();
            assertThat(homophily(d)).isBetween(0.78, 0.83);
            assertThat(d.features()).isInstanceOf(Features.Sparse.class);
            assertThat(d.features().cols()).isEqualTo(1433);
            assertThat(d.features().nonZeros() / 2708.0).isBetween(17.0, 19.0);
            assertThat(d.numClasses()).isEqualTo(7);
            assertThat(d.split().train()).hasSize(140);
            assertThat(d.split().validation()).hasSize(500);
            assertThat(d.split().test()).hasSize(1000);
        }
    }

    private static double homophily(Dataset d) {
        int same = 0;
        for (int r = 0; r < d.numNodes(); r++) {
            for (int e = d.graph().rowPtr().get(r); e < d.graph().rowPtr().get(r + 1); e++) {
                same += d.labels()[r] == d.labels()[d.graph().colIdx().get(e)] ? 1 : 0;
            }
        }
        return same / (double) d.graph().numEdges();
    }

    /** The generator is part of published results: another sequence of draws must not slip in. */
    @Test
    void theSameParametersGiveTheSameGraphForever() {
        try (Dataset d = SyntheticCitationGraph.SMALL.generate();
                Dataset other = SyntheticCitationGraph.SMALL.withSeed(1).generate()) {
            assertThat(d.fingerprint())
                    .isEqualTo("a5c53722a134b33df9004ee6f6c07f267e55048e76f175d257ac69e9776f4ea1")
                    .isNotEqualTo(other.fingerprint());
            assertThat(d.graph().numEdges()).isEqualTo(800);
            assertThat(d.split().all()).hasSize(160);
        }
    }

    @Test
    void extremeParametersEndToo() {
        SyntheticCitationGraph pair = new SyntheticCitationGraph(2, 0, 3, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0);
        try (Dataset d = pair.generate()) {
            assertThat(d.cleaning().isolatedNodes()).isEqualTo(2);
        }
        // Communities of about one node that may only cite themselves leave no edge to draw.
        SyntheticCitationGraph stuck = new SyntheticCitationGraph(40, 60, 30, 40, 1, 0, 2, 0.5, 1, 0, 0, 0, 0, 0);
        assertThatThrownBy(() -> stuck.generate().close())
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("room for 60 distinct edges");
        assertThatThrownBy(() -> new SyntheticCitationGraph(10, 99, 3, 1, 1, 0, 1, 1, 1, 0, 0, 1, 1, 0))
                .hasMessage("SyntheticCitationGraph: expected edges at most a quarter of all pairs");
    }
}
