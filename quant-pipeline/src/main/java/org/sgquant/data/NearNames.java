package org.sgquant.data;

import java.util.Collection;
import java.util.List;

/** Names that somebody may have meant who wrote another. */
public final class NearNames {

    private static final int MOST_EDITS = 3;

    /** Of a short name fewer: three edits make any word of three letters. */
    private static final int LETTERS_PER_EDIT = 3;

    private NearNames() {}

    /**
     * Those of {@code names} that are at most three edits away from {@code name}, and at most one for three of its letters, or
     * go on after it; in their order.
     */
    public static List<String> of(String name, Collection<String> names) {
        int letters = (int) name.chars().filter(Character::isLetterOrDigit).count();
        int edits = Math.min(MOST_EDITS, letters / LETTERS_PER_EDIT);
        return names.stream()
                .filter(candidate -> distance(candidate, name) <= edits || (letters > 0 && candidate.startsWith(name)))
                .toList();
    }

    /** {@code "did you mean A or B?"}, or {@code otherwise} where none is near. */
    public static String question(String name, Collection<String> names, String otherwise) {
        List<String> near = of(name, names);
        return near.isEmpty() ? otherwise : "did you mean " + String.join(" or ", near) + "?";
    }

    /**
     * The constant of {@code type} that prints as {@code name}.
     *
     * @param noun what messages call it
     * @throws IllegalArgumentException where there is none; it names those that {@code name} is near to, or all
     */
    public static <E extends Enum<E>> E constant(Class<E> type, String noun, String name) {
        List<E> constants = List.of(type.getEnumConstants());
        List<String> names = constants.stream().map(Enum::toString).toList();
        int place = names.indexOf(name);
        if (place < 0) {
            throw new IllegalArgumentException(noun + " '" + name + "' does not exist: "
                    + question(name, names, "choose one of " + String.join(" ", names)));
        }
        return constants.get(place);
    }

    /** Levenshtein distance, in which two neighbours that changed places count once. */
    private static int distance(String a, String b) {
        int[][] distance = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                if (i == 0 || j == 0) {
                    distance[i][j] = i + j;
                    continue;
                }
                int substitute = distance[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                distance[i][j] = Math.min(substitute, 1 + Math.min(distance[i - 1][j], distance[i][j - 1]));
                if (i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1)) {
                    distance[i][j] = Math.min(distance[i][j], 1 + distance[i - 2][j - 2]);
                }
            }
        }
        return distance[a.length()][b.length()];
    }
}
