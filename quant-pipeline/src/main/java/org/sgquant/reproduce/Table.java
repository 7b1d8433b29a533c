package org.sgquant.reproduce;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.sgquant.data.FormatException;

/**
 * A table of results to make, as it is written in YAML: rows of dataset, model, method and bits over seeds.
 *
 * <p>A row's recipe is that of the command line's defaults, overridden by {@code defaults}, then by the named one of
 * {@code recipes}, then by the row's own {@code with}; these hold the sections of a saved model's {@code recipe.yaml}.
 *
 * @param head what the table shows, above it
 * @param seeds how many seeds each row is averaged over unless the command says otherwise
 * @param meanDrop most that the mean drop of all rows that are not optional may be, or null
 * @param notes below the table, such as the provenance of published figures
 */
public record Table(
        String title,
        String head,
        int seeds,
        Double meanDrop,
        ObjectNode defaults,
        Map<String, ObjectNode> recipes,
        List<Row> rows,
        List<String> notes) {

    public Table {
        recipes = recipes == null ? Map.of() : recipes;
        notes = notes == null ? List.of() : notes;
    }

    /**
     * One result.
     *
     * @param recipe name of one of the table's recipes, or null
     * @param with what this row changes in it, or null
     * @param bits as after {@code --bits}; null: the fp32 result alone
     * @param optional whether it is run only where {@code --only} names it; null for no
     * @param target what the row has to reach, or null
     * @param published figures of others to print beside ours
     */
    public record Row(
            String name,
            String recipe,
            ObjectNode with,
            String bits,
            Boolean optional,
            Target target,
            List<Published> published) {

        public Row {
            optional = optional != null && optional;
            published = published == null ? List.of() : published;
        }
    }

    /**
     * Bounds that hold together; any may be null. {@code fp32}, {@code accuracy} (of the packed model, or of fp32 in a
     * row without bits), {@code savingPayload} and {@code savingStored} are the least allowed, the others the most:
     * {@code drop} in points, {@code bitsAll}, {@code bitsInner} of codes, {@code bitsInnerStored} with scales, offsets and padding.
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Target(
            Double fp32,
            Double accuracy,
            Double drop,
            Double bitsAll,
            Double bitsInner,
            Double bitsInnerStored,
            Double savingPayload,
            Double savingStored) {}

    /**
     * A figure of somebody else.
     *
     * @param accuracy in percent; null where only bits are given
     * @param sd its standard deviation, or null
     * @param bits average bits in their accounting, or null
     * @param chosen what the checkpoint was chosen by
     * @param counted what their average counts, in words
     * @param accounting the same by name, so that our bits can be given in it too; null where we have none like it
     * @param source where the figure comes from: recalled, re-run, a log
     */
    @JsonInclude(JsonInclude.Include.NON_NULL)
    public record Published(
            String method,
            Double accuracy,
            Double sd,
            Double bits,
            String chosen,
            String counted,
            Accounting accounting,
            String source) {}

    /** Refuses what no reader of YAML sees: keys that are missing, twins, recipes that are not there. */
    Table checked(String source) {
        require(source, "table", "title", title);
        require(source, "table", "head", head);
        require(source, "table", "rows", rows == null || rows.isEmpty() ? null : rows);
        if (seeds < 1) {
            throw new FormatException(source, "table, key 'seeds'", String.valueOf(seeds), "at least 1");
        }
        if (rows.stream().allMatch(Row::optional)) {
            throw new FormatException(source, "table, key 'rows'", "optional rows alone", "one that is not optional");
        }
        Set<String> names = new HashSet<>();
        for (Row row : rows) {
            require(source, "a row", "name", row.name());
            String place = "row '" + row.name() + "'";
            if (!names.add(row.name())) {
                throw new FormatException(source, place, "its name twice", "a name of its own");
            }
            if (row.recipe() != null && !recipes.containsKey(row.recipe())) {
                throw new FormatException(
                        source,
                        place + ", key 'recipe'",
                        "'" + row.recipe() + "'",
                        "one of " + String.join(", ", recipes.keySet()));
            }
            for (Published p : row.published()) {
                require(source, place + ", published", "method", p.method());
                require(source, place + ", published", "chosen", p.chosen());
                require(source, place + ", published", "counted", p.counted());
                require(source, place + ", published", "source", p.source());
            }
        }
        return this;
    }

    private static void require(String source, String place, String key, Object value) {
        if (value == null || value.toString().isBlank()) {
            throw new FormatException(source, place, "no key '" + key + "'", "one that is not empty");
        }
    }
}
