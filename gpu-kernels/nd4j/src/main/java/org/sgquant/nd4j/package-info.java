/** Dense products of training by ND4J, and arrays of ND4J on the memory of sgquant's matrices and the other way round. */
package org.sgquant.nd4j;
