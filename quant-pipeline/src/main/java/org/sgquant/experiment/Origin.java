package org.sgquant.experiment;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Collectors;
import org.sgquant.data.FormatException;
import org.sgquant.report.Json;

/**
 * What data and what model a part of a report is of, so that no two are shown as one.
 *
 * @param name what to call the part, as {@code study abs}
 * @param data fingerprint of the dataset, null where it was not recorded, as {@code dataset}
 * @param settings of the model, its name among them; empty where they were not recorded
 * @param cells of the model, without degree buckets; empty where they were not recorded
 */
record Origin(String name, String dataset, String data, Map<String, Object> settings, List<String> cells) {

    /** The section of a recipe that is asked for here; a study may be of a version with other ones. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    private record Sections(ModelSettings model) {}

    static Origin of(StudyNotes study) {
        String recipe = study.header().get("recipe");
        Sections sections = recipe == null
                ? new Sections(null)
                : Json.parseYaml("study " + study.name() + ", recipe", recipe, Sections.class);
        return new Origin(
                "study " + study.name(),
                study.provenance() == null ? null : study.provenance().dataset(),
                study.header().get("data"),
                sections.model() == null ? Map.of() : sections.model().values(),
                study.space() == null ? List.of() : plain(study.space().cells()));
    }

    static Origin of(SavedModel model) {
        return new Origin(
                "the model",
                model.provenance().dataset(),
                model.provenance().dataSha256(),
                model.recipe().model().values(),
                plain(model.cells().stream().map(Object::toString).toList()));
    }

    static Origin of(Sweeps sweeps) {
        Map<String, Object> settings = new LinkedHashMap<>();
        if (sweeps.model() != null) {
            settings.put("name", sweeps.model());
        }
        if (sweeps.settings() != null) {
            settings.putAll(new ModelSettings(sweeps.settings()).values());
        }
        return new Origin(
                sweeps.file(),
                sweeps.dataset(),
                sweeps.dataSha256(),
                settings,
                plain(sweeps.cells().stream().map(Sweeps.Cell::cell).toList()));
    }

    private static List<String> plain(Collection<String> cells) {
        return cells.stream()
                .map(cell -> cell.replaceFirst("\\[.*", ""))
                .distinct()
                .sorted()
                .toList();
    }

    /** Refuses a part that is of other data or another model than {@code whole}; what either does not tell is not compared. */
    void requireOf(Origin whole) {
        require(dataset, whole.dataset, "dataset", whole);
        if (data != null && whole.data != null && !data.equals(whole.data)) {
            throw refusal("other data", "fingerprint " + data, whole, whole.data);
        }
        String mine = unlike(settings, whole.settings);
        require(mine, unlike(whole.settings, settings), "model", whole);
        List<String> strange = whole.cells.isEmpty()
                ? List.of()
                : cells.stream().filter(cell -> !whole.cells.contains(cell)).toList();
        if (!strange.isEmpty()) {
            throw refusal("another model", "cell " + strange.getFirst(), whole, String.join(", ", whole.cells));
        }
    }

    private void require(String mine, String other, String what, Origin whole) {
        if (mine != null && other != null && !mine.equals(other)) {
            throw refusal("another " + what, mine, whole, other);
        }
    }

    private FormatException refusal(String what, String got, Origin whole, String expected) {
        return new FormatException(
                name + ": is of " + what + " than " + whole.name + ": got " + got + ", expected " + expected);
    }

    /** Settings that both have and {@code other} has otherwise, as {@code hidden 16, norm edge}. */
    private static String unlike(Map<String, Object> settings, Map<String, Object> other) {
        return settings.entrySet().stream()
                .filter(e -> other.containsKey(e.getKey()) && !Objects.equals(e.getValue(), other.get(e.getKey())))
                .map(e -> e.getKey() + " " + e.getValue())
                .collect(Collectors.joining(", "));
    }
}
