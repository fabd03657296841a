export default function Difference() { return null; }
