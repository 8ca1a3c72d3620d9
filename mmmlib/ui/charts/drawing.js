// How every page writes a number and draws a line: what stands in a text, on a tick, in a field.
// A page takes it by `import drawing from "drawing.js"` and `mixins: [drawing]`; its source is put
// in the place of that line when the page is sent (mmmlib.ui.pieces.source).

const NONE = "–", GAP = "\u00a0"; // between a number and its unit

function fixed(value, digits) {
  if (value == null || Number.isNaN(value)) return NONE;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

export default {
  methods: {
    fixed,
    // four digits at least, and never fewer than the whole number has: 5,000 and 0.02381
    amount(value) {
      if (value == null || Number.isNaN(value)) return NONE;
      const digits = Math.floor(Math.log10(Math.abs(value) || 1)) + 1;
      return (value || 0).toLocaleString("en-US",
        { maximumSignificantDigits: Math.min(Math.max(4, digits), 21) });
    },
    two(value) {
      return fixed(value, 2);
    },
    // of an error, a share, a parameter: what is small has four places
    four(value) {
      return Math.abs(value) < 10 ? fixed(value, 4) : this.amount(value);
    },
    percent(share) {
      return share == null ? NONE : fixed(100 * share, 1) + GAP + "%";
    },
    // of a change in percent
    signed(percent) {
      if (percent == null || Number.isNaN(percent)) return "";
      if (Math.abs(percent) < 0.05) return "unchanged";
      return (percent > 0 ? "+" : "−") + fixed(Math.abs(percent), 1) + GAP + "%";
    },
    // with a unit, where there is little room: 5 k; on an axis as fine as its step
    short(value, step) {
      if (value == null || Number.isNaN(value)) return NONE;
      const size = Math.abs(step ? value : Number(value.toPrecision(3))) * (1 + 1e-9);
      const [by, unit] = size >= 1e9 ? [1e9, GAP + "bn"] : size >= 1e6 ? [1e6, GAP + "M"]
        : size >= 1e3 ? [1e3, GAP + "k"] : [1, ""];
      if (!step) return Number((value / by).toPrecision(3)) + unit;
      const digits = Math.max(0, -Math.floor(Math.log10(step / by) + 1e-9));
      return Number((value / by).toFixed(Math.min(digits, 15))) + unit;
    },
    // as a field of type number takes it: no thousands, no unit
    asField(value, digits = 6) {
      if (value == null) return "";
      const round = Number(Number(value).toPrecision(digits));
      return String(Math.abs(value) >= 10 ** (digits - 1) ? Math.round(value) : round);
    },
    // round numbers between two ends, about so many, each with its text
    ticks(low, high, many) {
      const raw = (high - low) / many || 1, power = 10 ** Math.floor(Math.log10(raw));
      const step = [1, 2, 5, 10].map((times) => times * power).find((one) => one >= raw), list = [];
      for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k += 1) {
        list.push({ at: k * step, text: this.short(k * step, step) });
      }
      return list;
    },
    scale(low, high, from, to) {
      return (value) => from + ((value - low) / (high - low || 1)) * (to - from);
    },
    // an SVG path through points [x, y]; it breaks off where y is nothing
    linePath(points) {
      let pen = "M";
      return points.map(([x, y]) => {
        if (y == null || Number.isNaN(y)) { pen = "M"; return ""; }
        const text = pen + x.toFixed(1) + " " + y.toFixed(1);
        pen = "L";
        return text;
      }).join("");
    },
  },
};
