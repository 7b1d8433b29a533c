package org.sgquant.doctor;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sgquant.data.DatasetInfo;
import org.sgquant.data.Datasets;

/** The known graphs that are at hand. */
final class DataProbe {

    static final String NAME = "data";

    private DataProbe() {}

    /** @param named the folder that the user named, empty where none is */
    static Section examine(Datasets datasets, String named) {
        Map<String, Object> found = new LinkedHashMap<>();
        for (DatasetInfo dataset : datasets.list()) {
            dataset.location().ifPresent(location -> found.put(dataset.name(), location.toString()));
        }
        List<String> missing = datasets.list().stream()
                .filter(dataset ->
                        dataset.location().isEmpty() && !dataset.publisher().equals("generated"))
                .map(DatasetInfo::name)
                .toList();
        Map<String, Object> facts = new LinkedHashMap<>();
        facts.put("folders", datasets.folders().stream().map(Path::toString).toList());
        facts.put("found", found);
        facts.put("missing", missing);
        String folders = String.join(
                ", ", datasets.folders().stream().map(Path::toString).toList());
        if (!named.isEmpty() && !Files.isDirectory(Path.of(named))) {
            return Section.failed(NAME, Datasets.FOLDER_VARIABLE + "=" + named + " is not a folder", facts);
        }
        return found.isEmpty()
                ? new Section(
                        NAME,
                        true,
                        "no known graph in " + folders + ": the generated ones are there, and 'sgquant datasets get"
                                + " cora' fetches one",
                        "",
                        facts)
                : Section.ok(NAME, String.join(" ", found.keySet()) + " in " + folders, facts);
    }
}
