package org.sgquant.data;

import java.nio.file.Path;
import java.util.Optional;

/**
 * One line of the list of datasets; {@code edges} counts directed entries after cleaning.
 *
 * @param location file or folder where the set was found, if it was
 * @param publisher address of whoever publishes it
 * @param note what it cannot be used for, or nothing
 */
public record DatasetInfo(
        String name,
        int nodes,
        int edges,
        int features,
        int classes,
        Optional<Path> location,
        String publisher,
        String note) {}
