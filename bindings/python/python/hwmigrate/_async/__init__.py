"""The client for asyncio, and the source that the blocking one is derived from."""
