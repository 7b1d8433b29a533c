package org.sgquant.cuda;

import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Where a CUDA library was found, or each place where it was not.
 *
 * @param library what was looked for
 * @param found the place it was taken from, empty where there is none
 * @param refused the places looked at before, in order, each with its reason
 */
public record CudaLibraryLocation(CudaLibrary library, Optional<Found> found, List<Refused> refused) {

    public CudaLibraryLocation {
        refused = List.copyOf(refused);
    }

    /** How a library was found, in the order in which they are tried. */
    public enum Origin {
        /** In the folder that the user named by the environment variable. */
        FOLDER("the folder of " + CudaLibraries.FOLDER_VARIABLE),
        /** In the folder that the user named by the system property. */
        FOLDER_OF_PROPERTY("the folder of -D" + CudaLibraries.FOLDER_PROPERTY),
        /** By the system's loader or in a usual folder. */
        SYSTEM("the system"),
        /** The functions of CUDA 13's library, called through our forwarding library. */
        FORWARDING("CUDA 13 through the forwarding library"),
        /** In the redistributable jar on the class path. */
        REDISTRIBUTABLE("the redistributable jar");

        private final String title;

        Origin(String title) {
            this.title = title;
        }

        public String title() {
            return title;
        }
    }

    /**
     * A library that is loaded.
     *
     * @param path the file; of CUDA 13's library where it is forwarded to
     * @param version such as {@code 12.6.3}, empty where the library does not tell
     */
    public record Found(Origin origin, String path, String version) {}

    /** A place without the library. */
    public record Refused(String place, String reason) {}

    /** Where it was found, or that it was not and why; one sentence without a full stop. */
    public String sentence() {
        return found.map(place -> library.title()
                        + (place.version().isEmpty() ? "" : " " + place.version()) + " from "
                        + place.origin().title() + ": " + place.path())
                .orElseGet(() -> library.title() + " (" + library.file() + ") cannot be loaded: "
                        + refused.stream()
                                .map(place -> place.place() + ": " + place.reason())
                                .collect(Collectors.joining("; ")));
    }
}
