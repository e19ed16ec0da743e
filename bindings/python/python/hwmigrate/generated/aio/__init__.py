"""Operations for asyncio."""
