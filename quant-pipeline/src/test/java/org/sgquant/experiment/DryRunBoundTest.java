package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.sgquant.data.Dataset;
import org.sgquant.data.SyntheticCitationGraph;
import org.sgquant.kernels.Backends;
import org.sgquant.kernels.TrainingLibraries;
import org.sgquant.model.GcnConfig;
import org.sgquant.quant.BitAssignment;
import org.sgquant.quant.FeaturesForm;
import org.sgquant.quant.QuantConfig;
import org.sgquant.report.DryRunReport;

/** Features too many to be quantized for a dry run: bytes are bounds where the sparse form decides, exact elsewhere. */
final class DryRunBoundTest {

    @Test
    void featuresThatAreNotTriedAreCountedAsDenseAndSaidToBe() {
        try (Dataset dataset = SyntheticCitationGraph.SMALL.generate();
                Lanes lanes =
                        new Lanes(dataset, 1, lane -> Backends.select("cpu", 1, TrainingLibraries.NONE, note -> {}))) {
            DryRunReport bound = report(lanes, FeaturesForm.AUTO, "1", 0);
            DryRunReport exact = report(lanes, FeaturesForm.AUTO, "1", DryRun.QUICK_VALUES);
            DryRunReport dense = report(lanes, FeaturesForm.DENSE, "1", 0);
            assertThat(exact.tensors().get(0).form()).isEqualTo("sparse");
            assertThat(exact.peakBytes()).isPositive();
            assertThat(bound.bound()).contains("dense form").isSubstringOf(bound.text());
            assertThat(bound.peakBytes()).isNull();
            assertThat(bound.text()).contains("peak       not known");
            assertThat(bound.memory().storedBytes())
                    .isGreaterThan(exact.memory().storedBytes())
                    .isEqualTo(dense.memory().storedBytes());
            assertThat(bound.memory().innerStoredBytes())
                    .isEqualTo(exact.memory().innerStoredBytes());
            assertThat(dense.bound()).isNull();
            assertThat(report(lanes, FeaturesForm.SPARSE, "1", 0).memory())
                    .as("asked for, the sparse form has to be tried")
                    .isEqualTo(exact.memory());
            assertThat(report(lanes, FeaturesForm.AUTO, "4 L1.embedding=32", 0).bound())
                    .isNull();
        }
    }

    private static DryRunReport report(Lanes lanes, FeaturesForm form, String bits, long quickValues) {
        QuantConfig config = QuantConfig.DEFAULT.withFeaturesForm(form);
        BitAssignment assignment = new Experiment(lanes, GcnConfig.DEFAULT, null, null, config).parse(bits);
        return new DryRun(lanes, GcnConfig.DEFAULT, config, quickValues).report(assignment);
    }
}
