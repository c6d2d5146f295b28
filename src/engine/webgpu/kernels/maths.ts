/**
 * Elementary functions in WGSL, because WGSL promises little accuracy for its own. exp and log follow Cephes (S. Moshier,
 * expf and logf, 1 to 2 units in the last place). Values that are not numbers are found by their bits: compilers may
 * assume that there are none.
 */
export const MATHS = `
fn isNotNumber(x: f32) -> bool { return (bitcast<u32>(x) & 0x7fffffffu) > 0x7f800000u; }
fn isFinite(x: f32) -> bool { return (bitcast<u32>(x) & 0x7f800000u) != 0x7f800000u; }

// (e^r - 1 - r) / r^2 for |r| <= 0.35.
fn expTail(r: f32) -> f32 {
  return ((((1.9875691500e-4 * r + 1.3981999507e-3) * r + 8.3334519073e-3) * r + 4.1665795894e-2) * r
    + 1.6666665459e-1) * r + 5.0000001201e-1;
}

// e^x for -87 <= x <= 88; outside, that of the nearer end.
fn exponential(given: f32) -> f32 {
  let x = clamp(given, -87.0, 88.0);
  let k = round(x * 1.44269504);
  let r = (x - k * 0.693359375) + k * 2.12194440e-4;
  return (expTail(r) * r * r + r + 1.0) * bitcast<f32>(u32(i32(k) + 127) << 23u);
}

// e^x - 1, to a few units in the last place also next to 0.
fn exponentialMinus1(x: f32) -> f32 {
  if (abs(x) < 0.34) { return expTail(x) * x * x + x; }
  return exponential(x) - 1.0;
}

// log(1 + x) for -0.293 <= x <= 0.415.
fn logarithmNear1(x: f32) -> f32 {
  let z = x * x;
  var y = 7.0376836292e-2 * x - 1.1514610310e-1;
  y = y * x + 1.1676998740e-1;
  y = y * x - 1.2420140846e-1;
  y = y * x + 1.4249322787e-1;
  y = y * x - 1.6668057665e-1;
  y = y * x + 2.0000714765e-1;
  y = y * x - 2.4999993993e-1;
  y = y * x + 3.3333331174e-1;
  return y * x * z - 0.5 * z + x;
}

// log(x) for normal x > 0.
fn logarithm(x: f32) -> f32 {
  // A mantissa from sqrt(1/2) to sqrt(2).
  let bits = bitcast<u32>(x) - 0x3f3504f3u;
  let k = f32(bitcast<i32>(bits) >> 23u);
  let m = bitcast<f32>((bits & 0x007fffffu) + 0x3f3504f3u);
  return logarithmNear1(m - 1.0) - k * 2.12194440e-4 + k * 0.693359375;
}

// log(1 + x) for x > -1.
fn logarithm1Plus(x: f32) -> f32 {
  if (x > -0.29 && x < 0.41) { return logarithmNear1(x); }
  return logarithm(1.0 + x);
}

fn softplus(x: f32) -> f32 { return max(x, 0.0) + logarithm1Plus(exponential(-abs(x))); }

fn sigmoid(x: f32) -> f32 {
  let e = exponential(-abs(x));
  return select(e, 1.0, x >= 0.0) / (1.0 + e);
}

fn hyperbolicTangent(x: f32) -> f32 {
  let m = exponentialMinus1(2.0 * min(abs(x), 20.0));
  return select(m, -m, x < 0.0) / (m + 2.0);
}
`;
