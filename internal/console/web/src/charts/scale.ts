// How numbers become places in a chart.

/** The marks of an axis from 0: few, whole, round, and the last not below the largest value. */
export function ticks(largest: number): number[] {
  const most = Math.max(1, Math.ceil(largest));
  if (most <= 2) return most === 1 ? [0, 1] : [0, 1, 2];
  const rough = most / 3;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = Math.max(1, [1, 2, 5, 10].map((s) => s * power).find((s) => s >= rough)!);
  const marks: number[] = [];
  for (let at = 0; at < most + step; at += step) marks.push(at);
  return marks;
}

/** spread moves places apart that are closer than gap, keeps their order, and stays between low and high if it can. */
export function spread(places: number[], gap: number, low: number, high: number): number[] {
  const moved = [...places];
  for (let i = 1; i < moved.length; i++) moved[i] = Math.max(moved[i]!, moved[i - 1]! + gap);
  let limit = high;
  for (let i = moved.length - 1; i >= 0; i--) {
    moved[i] = Math.max(low + i * gap, Math.min(moved[i]!, limit));
    limit = moved[i]! - gap;
  }
  return moved;
}
