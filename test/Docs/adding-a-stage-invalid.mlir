// What a stage outside of zq refuses is an error where the type is parsed.
// RUN: zq-test-opt %s -split-input-file -verify-diagnostics

// expected-error @below {{(T3) 'xor' with mask 129 takes in codes of as many bits, but gets 'i4'}}
func.func private @too_few_bits(!zq.tensor<4x32xf32, #zq.codec<
    quantize<ui4>, #test_zq.xor<mask = 129>, pack>>)

// -----

// expected-error @below {{(T3) 'xor' with mask 1 takes in codes of as many bits, but gets 'f32'}}
func.func private @values(!zq.tensor<4x32xf32, #zq.codec<
    #test_zq.xor<mask = 1>, quantize<ui4>, pack>>)

// -----

// expected-error @below {{(xor 1) the mask is from 1 to 255, and not 256}}
#codec = #zq.codec<quantize<si8>, #test_zq.xor<mask = 256>, pack>
