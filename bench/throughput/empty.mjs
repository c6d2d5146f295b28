/** A task that does nothing, for piscina alone. */
export default () => null;
