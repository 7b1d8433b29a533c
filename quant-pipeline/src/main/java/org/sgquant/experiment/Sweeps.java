package org.sgquant.experiment;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.sgquant.data.FormatException;
import org.sgquant.report.Json;
import org.sgquant.report.ReportData;
import org.sgquant.report.SensitivityReport;
import org.sgquant.tensor.BitWidth;

/**
 * The sweeps of a sensitivity file, a {@link SensitivityReport} as JSON; what else it tells is not for a page.
 *
 * @param dataSha256 null where the file does not tell, as {@code settings}
 * @param file null where there is none
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Sweeps(
        @JsonProperty(required = true) List<Cell> cells,
        @JsonProperty(required = true) String dataset,
        @JsonProperty(required = true) String model,
        String dataSha256,
        Map<String, Object> settings,
        String file) {

    /** Nothing was measured. */
    public static final Sweeps NONE = new Sweeps(List.of(), null, null, null, null, null);

    /** Points lost, null where not measured. */
    @JsonIgnoreProperties(ignoreUnknown = true)
    public record Cell(
            @JsonProperty(required = true) String cell,
            @JsonProperty(required = true) BitWidth bits,
            Double onlyThisDrop,
            Double allButThisDrop) {}

    public static Sweeps read(Path file) {
        if (!Files.isRegularFile(file)) {
            throw new FormatException(file + ": there is no such sensitivity file");
        }
        Sweeps read = Json.read(file, Sweeps.class);
        return new Sweeps(read.cells, read.dataset, read.model, read.dataSha256, read.settings, file.toString());
    }

    /** As a page shows them. */
    List<ReportData.Sensitivity> shown() {
        return cells.stream()
                .filter(c -> c.onlyThisDrop() != null || c.allButThisDrop() != null)
                .map(c -> new ReportData.Sensitivity(c.cell(), c.bits(), c.onlyThisDrop(), c.allButThisDrop()))
                .toList();
    }
}
