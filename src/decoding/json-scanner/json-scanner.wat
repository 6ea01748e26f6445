;; Finds the brackets of a JSON text, 64 bytes at a time. The text passes through a window that begins at address 0;
;; globals carry the state from one window to the next. Positions are written from $OUT on.
;;
;; Each block of 64 bytes gives four masks with one bit per byte: quotes, backslashes, opening and closing brackets.
;; Unescaped quotes show which bytes are inside strings; brackets there do not count.
(module
  (memory (export "memory") 3)
  (global $OUT i32 (i32.const 0x11000))

  (global $depth (mut i32) (i32.const 0))
  ;; All ones if the previous block ended inside a string.
  (global $inString (mut i64) (i64.const 0))
  ;; 1 if the previous block ended with a backslash that escapes.
  (global $escapes (mut i64) (i64.const 0))
  (global $opens (mut i64) (i64.const 0))
  (global $closes (mut i64) (i64.const 0))
  (global $strings (mut i64) (i64.const 0))
  ;; Where the current chunk begins in the text; -1 outside the lists of `d`.
  (global $from (mut i32) (i32.const -1))
  ;; 1 if a chunk of this list has been written, so the rest must be written too.
  (global $isCut (mut i32) (i32.const 0))

  (func $reset (export "reset")
    (global.set $depth (i32.const 0))
    (global.set $inString (i64.const 0))
    (global.set $escapes (i64.const 0))
    (global.set $from (i32.const -1))
    (global.set $isCut (i32.const 0)))

  ;; A bit for each of 64 bytes that equals $byte. V8 does not inline functions, and a call costs more than this.
  (func $mask (param $at i32) (param $byte v128) (result i64)
    (local $v0 v128) (local $v1 v128) (local $v2 v128) (local $v3 v128)
    (local.set $v0 (v128.load (local.get $at)))
    (local.set $v1 (v128.load offset=16 (local.get $at)))
    (local.set $v2 (v128.load offset=32 (local.get $at)))
    (local.set $v3 (v128.load offset=48 (local.get $at)))
    (i64.or
      (i64.extend_i32_u (i32.or
        (i8x16.bitmask (i8x16.eq (local.get $v0) (local.get $byte)))
        (i32.shl (i8x16.bitmask (i8x16.eq (local.get $v1) (local.get $byte))) (i32.const 16))))
      (i64.shl
        (i64.extend_i32_u (i32.or
          (i8x16.bitmask (i8x16.eq (local.get $v2) (local.get $byte)))
          (i32.shl (i8x16.bitmask (i8x16.eq (local.get $v3) (local.get $byte))) (i32.const 16))))
        (i64.const 32))))

  ;; A bit for each byte that a backslash escapes, which is one after an odd number of backslashes. Adding a bit to
  ;; each run of backslashes carries out of it; the odd bits show whether the length of the run is odd.
  (func $escaped (param $backslashes i64) (result i64)
    (local $starts i64) (local $codes i64)
    (local.set $starts (i64.and (local.get $backslashes) (i64.xor (global.get $escapes) (i64.const -1))))
    (local.set $codes
      (i64.xor
        (i64.sub
          (i64.or (i64.shl (local.get $starts) (i64.const 1)) (i64.const 0xaaaaaaaaaaaaaaaa))
          (local.get $starts))
        (i64.const 0xaaaaaaaaaaaaaaaa)))
    (i64.xor (local.get $codes) (i64.or (local.get $backslashes) (global.get $escapes)))
    (global.set $escapes (i64.shr_u (i64.and (local.get $codes) (local.get $backslashes)) (i64.const 63))))

  (func $block (param $at i32)
    (local $quotes i64) (local $backslashes i64) (local $outside i64) (local $byte v128)
    (local $v0 v128) (local $v1 v128) (local $v2 v128) (local $v3 v128)
    (local.set $v0 (v128.load (local.get $at)))
    (local.set $v1 (v128.load offset=16 (local.get $at)))
    (local.set $v2 (v128.load offset=32 (local.get $at)))
    (local.set $v3 (v128.load offset=48 (local.get $at)))
    (local.set $byte (i8x16.splat (i32.const 0x22)))
    (local.set $quotes
      (i64.or
        (i64.extend_i32_u (i32.or
          (i8x16.bitmask (i8x16.eq (local.get $v0) (local.get $byte)))
          (i32.shl (i8x16.bitmask (i8x16.eq (local.get $v1) (local.get $byte))) (i32.const 16))))
        (i64.shl
          (i64.extend_i32_u (i32.or
            (i8x16.bitmask (i8x16.eq (local.get $v2) (local.get $byte)))
            (i32.shl (i8x16.bitmask (i8x16.eq (local.get $v3) (local.get $byte))) (i32.const 16))))
          (i64.const 32))))
    (local.set $byte (i8x16.splat (i32.const 0x5c)))
    (local.set $backslashes
      (i64.or
        (i64.extend_i32_u (i32.or
          (i8x16.bitmask (i8x16.eq (local.get $v0) (local.get $byte)))
          (i32.shl (i8x16.bitmask (i8x16.eq (local.get $v1) (local.get $byte))) (i32.const 16))))
        (i64.shl
          (i64.extend_i32_u (i32.or
            (i8x16.bitmask (i8x16.eq (local.get $v2) (local.get $byte)))
            (i32.shl (i8x16.bitmask (i8x16.eq (local.get $v3) (local.get $byte))) (i32.const 16))))
          (i64.const 32))))
    (if (i64.ne (i64.or (local.get $backslashes) (global.get $escapes)) (i64.const 0))
      (then (local.set $quotes (i64.and (local.get $quotes) (i64.xor (call $escaped (local.get $backslashes)) (i64.const -1))))))
    ;; Each bit becomes the parity of the bits up to it.
    (local.set $quotes (i64.xor (local.get $quotes) (i64.shl (local.get $quotes) (i64.const 1))))
    (local.set $quotes (i64.xor (local.get $quotes) (i64.shl (local.get $quotes) (i64.const 2))))
    (local.set $quotes (i64.xor (local.get $quotes) (i64.shl (local.get $quotes) (i64.const 4))))
    (local.set $quotes (i64.xor (local.get $quotes) (i64.shl (local.get $quotes) (i64.const 8))))
    (local.set $quotes (i64.xor (local.get $quotes) (i64.shl (local.get $quotes) (i64.const 16))))
    (local.set $quotes (i64.xor (local.get $quotes) (i64.shl (local.get $quotes) (i64.const 32))))
    (local.set $quotes (i64.xor (local.get $quotes) (global.get $inString)))
    (global.set $inString (i64.shr_s (local.get $quotes) (i64.const 63)))
    (local.set $outside (i64.xor (local.get $quotes) (i64.const -1)))
    (global.set $strings (local.get $quotes))
    ;; `[` and `{` differ in one bit only, and so do `]` and `}`.
    (local.set $byte (i8x16.splat (i32.const 0x20)))
    (local.set $v0 (v128.or (local.get $v0) (local.get $byte)))
    (local.set $v1 (v128.or (local.get $v1) (local.get $byte)))
    (local.set $v2 (v128.or (local.get $v2) (local.get $byte)))
    (local.set $v3 (v128.or (local.get $v3) (local.get $byte)))
    (local.set $byte (i8x16.splat (i32.const 0x7b)))
    (global.set $opens (i64.and (local.get $outside)
      (i64.or
        (i64.extend_i32_u (i32.or
          (i8x16.bitmask (i8x16.eq (local.get $v0) (local.get $byte)))
          (i32.shl (i8x16.bitmask (i8x16.eq (local.get $v1) (local.get $byte))) (i32.const 16))))
        (i64.shl
          (i64.extend_i32_u (i32.or
            (i8x16.bitmask (i8x16.eq (local.get $v2) (local.get $byte)))
            (i32.shl (i8x16.bitmask (i8x16.eq (local.get $v3) (local.get $byte))) (i32.const 16))))
          (i64.const 32)))))
    (local.set $byte (i8x16.splat (i32.const 0x7d)))
    (global.set $closes (i64.and (local.get $outside)
      (i64.or
        (i64.extend_i32_u (i32.or
          (i8x16.bitmask (i8x16.eq (local.get $v0) (local.get $byte)))
          (i32.shl (i8x16.bitmask (i8x16.eq (local.get $v1) (local.get $byte))) (i32.const 16))))
        (i64.shl
          (i64.extend_i32_u (i32.or
            (i8x16.bitmask (i8x16.eq (local.get $v2) (local.get $byte)))
            (i32.shl (i8x16.bitmask (i8x16.eq (local.get $v3) (local.get $byte))) (i32.const 16))))
          (i64.const 32))))))

  ;; Clears the bytes behind the text, so that they are neither quotes nor brackets.
  (func $pad (param $length i32)
    (v128.store offset=0 (local.get $length) (v128.const i64x2 0 0))
    (v128.store offset=16 (local.get $length) (v128.const i64x2 0 0))
    (v128.store offset=32 (local.get $length) (v128.const i64x2 0 0))
    (v128.store offset=48 (local.get $length) (v128.const i64x2 0 0)))

  ;; Returns the index after the bracket that closes the first one from $at on; -1 if it is not in this window.
  ;; $isFirst is 1 for the first window of a text.
  (func (export "findObjectEnd") (param $at i32) (param $length i32) (param $isFirst i32) (result i32)
    (local $left i64) (local $bit i64) (local $closing i32)
    (if (local.get $isFirst) (then (call $reset)))
    (call $pad (local.get $length))
    (loop $blocks
      (call $block (local.get $at))
      (local.set $closing (i32.wrap_i64 (i64.popcnt (global.get $closes))))
      (if (i32.lt_s (local.get $closing) (global.get $depth))
        (then
          (global.set $depth (i32.sub (i32.add (global.get $depth) (i32.wrap_i64 (i64.popcnt (global.get $opens)))) (local.get $closing))))
        (else
          (local.set $left (i64.or (global.get $opens) (global.get $closes)))
          (loop $brackets
            (if (i64.ne (local.get $left) (i64.const 0))
              (then
                (local.set $bit (i64.and (local.get $left) (i64.sub (i64.const 0) (local.get $left))))
                (if (i64.ne (i64.and (local.get $bit) (global.get $opens)) (i64.const 0))
                  (then (global.set $depth (i32.add (global.get $depth) (i32.const 1))))
                  (else
                    (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))
                    (if (i32.le_s (global.get $depth) (i32.const 0))
                      (then (return (i32.add (i32.add (local.get $at) (i32.wrap_i64 (i64.ctz (local.get $bit)))) (i32.const 1)))))))
                (local.set $left (i64.xor (local.get $left) (local.get $bit)))
                (br $brackets))))))
      (local.set $at (i32.add (local.get $at) (i32.const 64)))
      (br_if $blocks (i32.lt_s (local.get $at) (local.get $length))))
    (i32.const -1))

  ;; Writes where lists directly in `d` can be cut into chunks of at least $minBytes bytes, as pairs of positions in
  ;; the text. $base is the position of the window. Shorter lists are not cut.
  ;; Returns how many numbers were written.
  (func (export "findChunks") (param $length i32) (param $base i32) (param $minBytes i32) (result i32)
    (local $at i32) (local $left i64) (local $bit i64) (local $position i32) (local $out i32)
    (local.set $out (global.get $OUT))
    (call $pad (local.get $length))
    (loop $blocks
      (call $block (local.get $at))
      (local.set $left
        (i64.or
          (i64.or (global.get $opens) (global.get $closes))
          (i64.and
            (call $mask (local.get $at) (i8x16.splat (i32.const 0x2c)))
            (i64.xor (global.get $strings) (i64.const -1)))))
      (loop $marks
        (if (i64.ne (local.get $left) (i64.const 0))
          (then
            (local.set $bit (i64.and (local.get $left) (i64.sub (i64.const 0) (local.get $left))))
            (local.set $left (i64.xor (local.get $left) (local.get $bit)))
            (if (i64.ne (i64.and (local.get $bit) (global.get $opens)) (i64.const 0))
              (then
                (global.set $depth (i32.add (global.get $depth) (i32.const 1)))
                (if (i32.eq (global.get $depth) (i32.const 3))
                  (then
                    (local.set $position (i32.add (local.get $at) (i32.wrap_i64 (i64.ctz (local.get $bit)))))
                    ;; A list, not an object.
                    (if (i32.eq (i32.load8_u (local.get $position)) (i32.const 0x5b))
                      (then (global.set $from (i32.add (i32.add (local.get $base) (local.get $position)) (i32.const 1))))))))
              (else
                (if (i64.ne (i64.and (local.get $bit) (global.get $closes)) (i64.const 0))
                  (then (global.set $depth (i32.sub (global.get $depth) (i32.const 1)))))
                (if (i32.and (i32.ge_s (global.get $from) (i32.const 0)) (i32.le_s (global.get $depth) (i32.const 3)))
                  (then
                    (local.set $position (i32.add (i32.add (local.get $base) (local.get $at)) (i32.wrap_i64 (i64.ctz (local.get $bit)))))
                    (if (i32.eq (global.get $depth) (i32.const 3))
                      (then
                        ;; Between two elements, or after the bracket of one.
                        (if (i32.and
                              (i64.eqz (i64.and (local.get $bit) (global.get $closes)))
                              (i32.ge_s (i32.sub (local.get $position) (global.get $from)) (local.get $minBytes)))
                          (then
                            (i32.store (local.get $out) (global.get $from))
                            (i32.store offset=4 (local.get $out) (local.get $position))
                            (local.set $out (i32.add (local.get $out) (i32.const 8)))
                            (global.set $isCut (i32.const 1))
                            (global.set $from (i32.add (local.get $position) (i32.const 1))))))
                      (else
                        ;; The end of the list.
                        (if (i32.or
                              (global.get $isCut)
                              (i32.ge_s (i32.sub (local.get $position) (global.get $from)) (local.get $minBytes)))
                          (then
                            (i32.store (local.get $out) (global.get $from))
                            (i32.store offset=4 (local.get $out) (local.get $position))
                            (local.set $out (i32.add (local.get $out) (i32.const 8)))))
                        (global.set $isCut (i32.const 0))
                        (global.set $from (i32.const -1))))))))
            (br $marks))))
      (local.set $at (i32.add (local.get $at) (i32.const 64)))
      (br_if $blocks (i32.lt_s (local.get $at) (local.get $length))))
    (i32.shr_u (i32.sub (local.get $out) (global.get $OUT)) (i32.const 2)))
)
