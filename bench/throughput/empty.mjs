/** A task that does nothing, to measure piscina alone. */
export default () => null;
