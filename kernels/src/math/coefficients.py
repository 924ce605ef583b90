"""Prints the polynomial coefficients and constants of this folder's functions (needs mpmath).

Weighted minimax fits by E. Remez' exchange algorithm (1934) in 400-bit arithmetic; every coefficient is then rounded to the
precision it is used in. `error` is the largest weighted error of the fit before that: relative to the function's value, but for exp
and cos, whose value is near 1, absolute.
"""

from mpmath import atan, cos, exp, floor, log, lu_solve, matrix, mp, mpf, nint, pi, sin, sqrt, tanh

mp.prec = 400


def minimax(function, start, end, degree, weight):
    """Coefficients, lowest first, and the largest weighted error on [start, end]."""
    start, end = mpf(start), mpf(end)
    count = degree + 2

    def chebyshev(k, n):
        return (start + end) / 2 - (end - start) / 2 * cos(pi * k / n)

    nodes = [chebyshev(k, count - 1) for k in range(count)]
    for _ in range(12):
        system, values = matrix(count, count), matrix(count, 1)
        for i, t in enumerate(nodes):
            for j in range(degree + 1):
                system[i, j] = t**j
            system[i, degree + 1] = (-1) ** i / weight(t)
            values[i] = function(t)
        solution = lu_solve(system, values)
        coefficients = [solution[j] for j in range(degree + 1)]

        def error(t):
            return weight(t) * (function(t) - sum(c * t**j for j, c in enumerate(coefficients)))

        # The largest error of each run of one sign, its place refined by a parabola.
        points = [chebyshev(k, 16 * count) for k in range(16 * count + 1)]
        errors = [error(t) for t in points]
        extremes, run = [], [0]
        for k in range(1, len(points) + 1):
            if k < len(points) and (errors[k] > 0) == (errors[k - 1] > 0):
                run.append(k)
                continue
            m = max(run, key=lambda i: abs(errors[i]))
            t = points[m]
            if 0 < m < len(points) - 1:
                (a, b, c), (p, q, r) = points[m - 1 : m + 2], errors[m - 1 : m + 2]
                bend = (b - a) * (q - r) - (b - c) * (q - p)
                if bend != 0:
                    t = b - ((b - a) ** 2 * (q - r) - (b - c) ** 2 * (q - p)) / (2 * bend)
            extremes.append(min(max(t, start), end))
            run = [k]
        while len(extremes) > count:
            extremes.pop(0 if abs(error(extremes[0])) < abs(error(extremes[-1])) else -1)
        nodes = extremes
        largest = max(abs(error(t)) for t in nodes)
        if largest < abs(solution[degree + 1]) * mpf("1.001"):
            break
    return coefficients, largest


def rounded(x, bits):
    """x rounded to a number of bits, as the shortest decimal that gives it back."""
    with mp.workprec(bits):
        value = +x
    digits = 17 if bits == 53 else 9
    for count in range(1, digits + 1):
        text = mp.nstr(value, count, strip_zeros=False)
        with mp.workprec(bits):
            if mpf(text) == value:
                return text
    return mp.nstr(value, digits)


def parts(x, units):
    """x as multiples of 2^-unit for each unit, then the rest."""
    result = []
    for unit in units:
        part = nint(x * mpf(2) ** unit) / mpf(2) ** unit
        result.append(part)
        x -= part
    return result + [x]


def near_zero(function, value, slope):
    """The function, by its first two terms where it cancels."""
    return lambda t: function(t) if abs(t) > mpf(10) ** -25 else value + slope * t


LOG_2 = log(mpf(2))
FLOOR = mpf(10) ** -20
S_MAX = ((sqrt(mpf(2)) - 1) / (sqrt(mpf(2)) + 1)) ** 2 * mpf("1.0002")


def odd_rest(function, value, slope):
    """(f(x)/x − 1)/x² as a function of t = x²."""
    return near_zero(lambda t: (function(sqrt(t)) / sqrt(t) - 1) / t, mpf(value), mpf(slope))


def logarithm(z):
    s = sqrt(z)
    return log((1 + s) / (1 - s)) / s


FITS = [  # name, function, start, end, weight, degrees for f64 and f32
    ("exp P(r)", near_zero(lambda t: (exp(t) - 1 - t) / t**2, mpf(1) / 2, mpf(1) / 6), -LOG_2 * mpf("0.5001"), LOG_2 * mpf("0.5001"), lambda t: t * t + FLOOR, (9, 4)),
    ("log R(z)/z", near_zero(lambda z: (logarithm(z) - 2) / z, mpf(2) / 3, mpf(2) / 5), 0, S_MAX, lambda z: z / 2 + FLOOR, (6, 2)),
    ("pow P(z)", near_zero(lambda z: (logarithm(z) / 2 - 1 - z / 3) / z**2, mpf(1) / 5, mpf(1) / 7), 0, S_MAX, lambda z: z * z + FLOOR, (6, 2)),
    ("sin S(z)", odd_rest(sin, -mpf(1) / 6, mpf(1) / 120), 0, (pi / 4) ** 2 * mpf("1.0002"), lambda z: z + FLOOR, (5, None)),
    ("sin S(z)", odd_rest(sin, -mpf(1) / 6, mpf(1) / 120), 0, (pi / 4 + mpf("0.02")) ** 2, lambda z: z + FLOOR, (None, 2)),
    ("cos C(z)", near_zero(lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, mpf(1) / 24, -mpf(1) / 720), 0, (pi / 4) ** 2 * mpf("1.0002"), lambda z: z * z + FLOOR, (5, None)),
    ("cos C(z)", near_zero(lambda z: (cos(sqrt(z)) - 1 + z / 2) / z**2, mpf(1) / 24, -mpf(1) / 720), 0, (pi / 4 + mpf("0.02")) ** 2, lambda z: z * z + FLOOR, (None, 2)),
    ("atan P(t)", odd_rest(atan, -mpf(1) / 3, mpf(1) / 5), 0, mpf("0.2501"), lambda t: t + FLOOR, (11, 5)),
    ("tanh P(t)", odd_rest(tanh, -mpf(1) / 3, mpf(2) / 15), 0, mpf("0.3026"), lambda t: t + FLOOR, (9, 4)),
]

for name, function, start, end, weight, degrees in FITS:
    for bits, degree in zip((53, 24), degrees):
        if degree is not None:
            coefficients, error = minimax(function, start, end, degree, weight)
            print(f"{name}, {bits} bits, error 2^{float(log(error, 2)):.1f}:", *(rounded(c, bits) for c in coefficients))
print("log 2, 53 bits:", *(rounded(x, 53) for x in parts(LOG_2, [42])))
print("log 2, 24 bits:", *(rounded(x, 24) for x in parts(LOG_2, [15])))
print("π/2, 53 bits:", *(rounded(x, 53) for x in parts(pi / 2, [29, 59, 89])))
for base_bits, count in ((26, 48), (12, 18)):
    mp.prec = 1400
    rest, digits = 2 / pi, []
    for _ in range(count):
        rest *= 2**base_bits
        digits.append(int(floor(rest)))
        rest -= digits[-1]
    print(f"2/π, base 2^{base_bits}:", *digits)
