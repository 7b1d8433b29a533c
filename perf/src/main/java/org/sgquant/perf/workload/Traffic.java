package org.sgquant.perf.workload;

import java.util.Map;

/**
 * Evaluates the traffic formulas of {@code kernels.list}: numbers, names, {@code + - * /} and parentheses; results are
 * bytes.
 */
public final class Traffic {

    private final String formula;
    private final Map<String, Double> sizes;
    private int at;

    private Traffic(String formula, Map<String, Double> sizes) {
        this.formula = formula;
        this.sizes = sizes;
    }

    /** {@code sizes} gives n, m, nnz, f, k and r a value. */
    public static double bytes(String formula, Map<String, Double> sizes) {
        Traffic traffic = new Traffic(formula, sizes);
        double bytes = traffic.sum();
        if (traffic.at < formula.length()) {
            throw traffic.unexpected("the end");
        }
        return bytes;
    }

    private double sum() {
        double value = product();
        while (true) {
            if (accept('+')) {
                value += product();
            } else if (accept('-')) {
                value -= product();
            } else {
                return value;
            }
        }
    }

    private double product() {
        double value = factor();
        while (true) {
            if (accept('*')) {
                value *= factor();
            } else if (accept('/')) {
                value /= factor();
            } else {
                return value;
            }
        }
    }

    private double factor() {
        if (accept('(')) {
            double value = sum();
            if (!accept(')')) {
                throw unexpected("')'");
            }
            return value;
        }
        int start = at;
        while (at < formula.length() && (Character.isLetterOrDigit(formula.charAt(at)) || formula.charAt(at) == '.')) {
            at++;
        }
        String word = formula.substring(start, at);
        if (word.isEmpty()) {
            throw unexpected("a number, a name or '('");
        }
        if (Character.isDigit(word.charAt(0))) {
            return Double.parseDouble(word);
        }
        Double size = sizes.get(word);
        if (size == null) {
            throw new IllegalArgumentException(
                    "traffic formula " + formula + ": '" + word + "' is none of " + sizes.keySet());
        }
        return size;
    }

    private boolean accept(char wanted) {
        boolean there = at < formula.length() && formula.charAt(at) == wanted;
        at += there ? 1 : 0;
        return there;
    }

    private IllegalArgumentException unexpected(String expected) {
        String got = at < formula.length() ? "'" + formula.charAt(at) + "'" : "the end";
        return new IllegalArgumentException(
                "traffic formula " + formula + ", place " + at + ": got " + got + ", expected " + expected);
    }
}
