package org.sgquant.experiment;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sgquant.data.FormatException;

class OriginTest {

    private static StudyNotes study(String name, String model) {
        String recipe = "dataset:\n  name: computers\nmodel:\n  name: " + model + "\n  hidden: 16\n";
        SavedModel.Provenance provenance =
                new SavedModel.Provenance("test", "25", "any", "now", "amazon-computers", "abc", 0, null, null, null);
        return new StudyNotes(
                name, Map.of("recipe", recipe, "data", "abc"), List.of(), provenance, null, null, null, null, null);
    }

    private static Sweeps sweeps(String dataset, String model) {
        return new Sweeps(List.of(), dataset, model, null, Map.of("hidden", 16), "s.json");
    }

    /** A study's recipe has the name that was asked for, a sweep that of the dataset. */
    @Test
    void aDatasetHasOneNameHoweverItWasAskedFor() {
        Origin study = Origin.of(study("s", "gcn"));
        assertThatCode(() -> Origin.of(sweeps("amazon-computers", "gcn")).requireOf(study))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> Origin.of(sweeps("cora", "gcn")).requireOf(study))
                .isInstanceOf(FormatException.class)
                .hasMessage("s.json: is of another dataset than study s: got cora, expected amazon-computers");
    }

    @Test
    void studiesOfOneModelBelongTogetherAndOthersDoNot() {
        Origin gcn = Origin.of(study("a", "gcn"));
        assertThatCode(() -> Origin.of(study("b", "gcn")).requireOf(gcn)).doesNotThrowAnyException();
        assertThatThrownBy(() -> Origin.of(study("b", "gat")).requireOf(gcn))
                .hasMessage("study b: is of another model than study a: got name gat, expected name gcn");
    }
}
