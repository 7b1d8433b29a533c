package org.sgquant.model;

import java.util.ArrayList;
import java.util.List;
import org.sgquant.kernels.Backend;
import org.sgquant.kernels.CounterRandom;
import org.sgquant.kernels.Transfer;
import org.sgquant.tensor.FloatMatrix;
import org.sgquant.tensor.Memory;

/** Trainable matrices of a model in memory of a backend, with their Adam moments. */
public final class Parameters implements AutoCloseable {

    /** Where a parameter starts. */
    public enum Start {
        /** Uniform in {@code +-sqrt(6 / (rows + cols))}. Source: Glorot and Bengio, 2010. */
        GLOROT,
        ZERO,
        ONE
    }

    /** Shape and start of a parameter; one that is not {@code trained} is a statistic kept along, without a gradient. */
    public record Spec(String name, int rows, int cols, Start start, float weightDecay, boolean trained) {

        /** A trained parameter. */
        public Spec(String name, int rows, int cols, Start start, float weightDecay) {
            this(name, rows, cols, start, weightDecay, true);
        }

        /** A trained parameter that starts random where {@code glorot}, else at 0. */
        public Spec(String name, int rows, int cols, boolean glorot, float weightDecay) {
            this(name, rows, cols, glorot ? Start.GLOROT : Start.ZERO, weightDecay, true);
        }
    }

    /** A parameter: its value and the two moments of Adam. */
    public record Parameter(Spec spec, FloatMatrix value, FloatMatrix m, FloatMatrix v) {}

    private final Backend backend;
    private final Memory memory;
    private final List<Parameter> list = new ArrayList<>();

    /** Parameters at 0. */
    public Parameters(List<Spec> specs, Backend backend) {
        this.backend = backend;
        this.memory = backend.newMemory("parameters");
        for (Spec spec : specs) {
            list.add(new Parameter(spec, matrix(spec), matrix(spec), matrix(spec)));
        }
    }

    private FloatMatrix matrix(Spec spec) {
        return FloatMatrix.allocate(memory, spec.rows(), spec.cols());
    }

    public List<Parameter> list() {
        return list;
    }

    public Parameter get(String name) {
        return list.stream()
                .filter(p -> p.spec().name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("parameter '" + name + "' does not exist"));
    }

    /** Sets every parameter to its start; the random ones are a function of {@code seed} and their place. */
    public void initialize(long seed) {
        for (int i = 0; i < list.size(); i++) {
            Spec spec = list.get(i).spec();
            double limit = spec.start() == Start.GLOROT ? Math.sqrt(6.0 / (spec.rows() + spec.cols())) : 0;
            float center = spec.start() == Start.ONE ? 1 : 0;
            long key = CounterRandom.key(seed, 0, -1 - i);
            float[][] values = new float[spec.rows()][spec.cols()];
            for (int r = 0; r < spec.rows(); r++) {
                for (int c = 0; c < spec.cols(); c++) {
                    values[r][c] = center + (float) ((2 * CounterRandom.uniform(key, r * spec.cols() + c) - 1) * limit);
                }
            }
            set(i, values);
        }
    }

    /** Copies host values into parameter {@code i}. */
    public void set(int i, float[][] values) {
        Transfer.copy(backend, values, list.get(i).value());
    }

    /** Host copy of every value, in order. */
    public List<float[][]> toHost() {
        return list.stream().map(p -> Transfer.download(backend, p.value())).toList();
    }

    /** Copies the values, not the moments, of parameters of the same shapes. */
    public void copyFrom(Parameters other) {
        for (int i = 0; i < list.size(); i++) {
            backend.elementwise().copy(other.list.get(i).value(), list.get(i).value());
        }
    }

    /** Forgets the Adam moments. */
    public void resetMoments() {
        for (Parameter p : list) {
            backend.elementwise().zero(p.m());
            backend.elementwise().zero(p.v());
        }
    }

    @Override
    public void close() {
        memory.close();
    }
}
