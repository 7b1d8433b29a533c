package org.sgquant.cuda.testing;

import java.lang.annotation.ElementType;
import java.lang.annotation.Inherited;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.extension.ExtendWith;

/** Marks tests that need a CUDA device, real or emulated, and cuBLAS and cuSPARSE: see {@link LibraryTests}. */
@Target({ElementType.TYPE, ElementType.METHOD})
@Retention(RetentionPolicy.RUNTIME)
@Inherited
@OnDevice
@ExtendWith(LibraryTests.class)
public @interface OnLibraries {}
