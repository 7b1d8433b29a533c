package org.sgquant.quant;

/**
 * A quantizable tensor of a model: layer (from 1) and component, written {@code L1.message}.
 *
 * <p>With degree buckets the cell has one width per bucket.
 */
public record Cell(int layer, Component component) implements Comparable<Cell> {

    /** Parses {@code L1.message}. */
    public static Cell parse(String text) {
        int dot = text.indexOf('.');
        if (dot < 2 || text.charAt(0) != 'L' || !text.substring(1, dot).chars().allMatch(Character::isDigit)) {
            throw new IllegalArgumentException("cell '" + text + "' is not of the form L1.message");
        }
        return new Cell(Integer.parseInt(text.substring(1, dot)), Component.parse(text.substring(dot + 1)));
    }

    @Override
    public int compareTo(Cell other) {
        int byLayer = Integer.compare(layer, other.layer);
        return byLayer != 0 ? byLayer : component.compareTo(other.component);
    }

    @Override
    public String toString() {
        return "L" + layer + "." + component;
    }
}
