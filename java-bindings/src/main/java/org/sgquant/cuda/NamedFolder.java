package org.sgquant.cuda;

import java.util.Optional;
import org.sgquant.cuda.CudaLibraryLocation.Origin;

/**
 * The one folder in which the user wants CUDA's libraries to be looked for.
 *
 * @param by what names it: a property or a variable
 * @param text as it stands there, which need not be a path
 */
record NamedFolder(String by, String text, Origin origin) {

    /** By the property, else by the variable; empty where neither names one. */
    static Optional<NamedFolder> ofUser() {
        String property = System.getProperty(CudaLibraries.FOLDER_PROPERTY);
        NamedFolder folder = property == null
                ? new NamedFolder(
                        CudaLibraries.FOLDER_VARIABLE,
                        System.getenv().getOrDefault(CudaLibraries.FOLDER_VARIABLE, ""),
                        Origin.FOLDER)
                : new NamedFolder("-D" + CudaLibraries.FOLDER_PROPERTY, property, Origin.FOLDER_OF_PROPERTY);
        return folder.text().isEmpty() ? Optional.empty() : Optional.of(folder);
    }

    /** Such as {@code SGQUANT_CUDA_LIBRARIES=/opt/cuda}. */
    String place() {
        return by + "=" + text;
    }
}
