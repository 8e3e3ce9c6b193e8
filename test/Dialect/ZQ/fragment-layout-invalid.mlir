// Every error of a layout, by its label.
// RUN: zq-opt %s -verify-diagnostics -split-input-file

// expected-error @+1 {{(fragment_layout 1) has more than 16 offsets of a kind, or rows or columns beyond 2^31 - 1}}
func.func private @f() attributes {zq.layout = #zq.fragment_layout<lanes = [(0, -1)], elements = [], bits = 16>}

// -----

// expected-error @+1 {{(fragment_layout 2) has elements of 12 bits, which is no power of two up to 32}}
func.func private @f() attributes {zq.layout = #zq.fragment_layout<lanes = [], elements = [], bits = 12>}

// -----

// expected-error @+1 {{(fragment_layout 3) holds an element twice: (1, 1) is a sum of other offsets}}
func.func private @f() attributes {zq.layout = #zq.fragment_layout<lanes = [], elements = [(0, 1), (1, 0), (1, 1)], bits = 16>}
