"""XXH3-128 with seed 0, as canonical big-endian hex: written from the algorithm's description, slow and plain."""

SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671fcb79e64eccc0e578825ad07dccff7221"
    "b8084674f743248ee03590e6813a264c3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364eac5ac8334d3ebc3c581a0fffa1363eb"
    "170ddd51b7f0da49d316552629d4689e2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)
MASK = (1 << 64) - 1
P32_1, P32_2, P32_3 = 0x9E3779B1, 0x85EBCA77, 0xC2B2AE3D
P64_1, P64_2, P64_3 = 0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
P64_4, P64_5 = 0x85EBCA77C2B2AE63, 0x27D4EB2F165667C5
STRIPE = 64
STRIPES_A_BLOCK = (len(SECRET) - STRIPE) // 8


def u32(data, at):
    return int.from_bytes(data[at : at + 4], "little")


def u64(data, at):
    return int.from_bytes(data[at : at + 8], "little")


def swap(value, size):
    return int.from_bytes(value.to_bytes(size, "little"), "big")


def fold(left, right):
    product = left * right
    return (product & MASK) ^ (product >> 64)


def avalanche(value):
    value ^= value >> 37
    value = value * 0x165667919E3779F9 & MASK
    return value ^ value >> 32


def avalanche_xxh64(value):
    value = (value ^ value >> 33) * P64_2 & MASK
    value = (value ^ value >> 29) * P64_3 & MASK
    return value ^ value >> 32


def hash_0(_):
    low, high = (avalanche_xxh64(u64(SECRET, at) ^ u64(SECRET, at + 8)) for at in (64, 80))
    return high, low


def hash_1_to_3(data):
    size = len(data)
    low = data[0] << 16 | data[size >> 1] << 24 | data[-1] | size << 8
    high = swap(low, 4)
    high = (high << 13 | high >> 19) & 0xFFFFFFFF
    low ^= u32(SECRET, 0) ^ u32(SECRET, 4)
    high ^= u32(SECRET, 8) ^ u32(SECRET, 12)
    return avalanche_xxh64(high), avalanche_xxh64(low)


def hash_4_to_8(data):
    value = u32(data, 0) + (u32(data, len(data) - 4) << 32)
    product = (value ^ u64(SECRET, 16) ^ u64(SECRET, 24)) * (P64_1 + (len(data) << 2))
    low = product & MASK
    high = (product >> 64) + (low << 1) & MASK
    low ^= high >> 3
    low = (low ^ low >> 35) * 0x9FB21C651E98DF25 & MASK
    return avalanche(high), low ^ low >> 28


def hash_9_to_16(data):
    first, last = u64(data, 0), u64(data, len(data) - 8)
    product = (first ^ last ^ u64(SECRET, 32) ^ u64(SECRET, 40)) * P64_1
    low = (product & MASK) + ((len(data) - 1) << 54) & MASK
    last ^= u64(SECRET, 48) ^ u64(SECRET, 56)
    high = (product >> 64) + last + (last & 0xFFFFFFFF) * (P32_2 - 1) & MASK
    low ^= swap(high, 8)
    product = low * P64_2
    high = (product >> 64) + high * P64_2 & MASK
    return avalanche(high), avalanche(product & MASK)


def mix_16(data, at, key):
    return fold(u64(data, at) ^ u64(SECRET, key), u64(data, at + 8) ^ u64(SECRET, key + 8))


def mix_32(state, data, first, second, key):
    high, low = state
    low = low + mix_16(data, first, key) & MASK
    low ^= u64(data, second) + u64(data, second + 8) & MASK
    high = high + mix_16(data, second, key + 16) & MASK
    high ^= u64(data, first) + u64(data, first + 8) & MASK
    return high, low


def finish(state, size):
    high, low = state
    mixed = low * P64_1 + high * P64_4 + size * P64_2 & MASK
    return -avalanche(mixed) & MASK, avalanche(low + high & MASK)


def hash_17_to_128(data):
    size = len(data)
    state = 0, size * P64_1 & MASK
    for pair in range((size - 1) // 32, -1, -1):
        state = mix_32(state, data, 16 * pair, size - 16 * (pair + 1), 32 * pair)
    return finish(state, size)


def hash_129_to_240(data):
    size = len(data)
    state = 0, size * P64_1 & MASK
    for part in range(4):
        state = mix_32(state, data, 32 * part, 32 * part + 16, 32 * part)
    state = avalanche(state[0]), avalanche(state[1])
    for part in range(4, size // 32):
        state = mix_32(state, data, 32 * part, 32 * part + 16, 3 + 32 * (part - 4))
    state = mix_32(state, data, size - 16, size - 32, 136 - 17 - 16)
    return finish(state, size)


def accumulate(lanes, data, at, key):
    for lane in range(8):
        value = u64(data, at + 8 * lane)
        keyed = value ^ u64(SECRET, key + 8 * lane)
        lanes[lane ^ 1] = lanes[lane ^ 1] + value & MASK
        lanes[lane] = lanes[lane] + (keyed & 0xFFFFFFFF) * (keyed >> 32) & MASK


def scramble(lanes):
    for lane in range(8):
        value = lanes[lane] ^ lanes[lane] >> 47 ^ u64(SECRET, len(SECRET) - STRIPE + 8 * lane)
        lanes[lane] = value * P32_1 & MASK


def merge(lanes, key, start):
    for pair in range(4):
        at = key + 16 * pair
        start += fold(lanes[2 * pair] ^ u64(SECRET, at), lanes[2 * pair + 1] ^ u64(SECRET, at + 8))
    return avalanche(start & MASK)


def hash_long(data):
    size = len(data)
    lanes = [P32_3, P64_1, P64_2, P64_3, P64_4, P32_2, P64_5, P32_1]
    for stripe in range((size - 1) // STRIPE):
        accumulate(lanes, data, stripe * STRIPE, 8 * (stripe % STRIPES_A_BLOCK))
        # A block that ends exactly with the data is not scrambled: its last byte belongs to the last stripe.
        if stripe % STRIPES_A_BLOCK == STRIPES_A_BLOCK - 1:
            scramble(lanes)
    accumulate(lanes, data, size - STRIPE, len(SECRET) - STRIPE - 7)
    low = merge(lanes, 11, size * P64_1 & MASK)
    high = merge(lanes, len(SECRET) - 64 - 11, ~(size * P64_2) & MASK)
    return high, low


CLASSES = (
    (0, hash_0),
    (3, hash_1_to_3),
    (8, hash_4_to_8),
    (16, hash_9_to_16),
    (128, hash_17_to_128),
    (240, hash_129_to_240),
)


def xxh3_128(data):
    chosen = next((function for most, function in CLASSES if len(data) <= most), hash_long)
    high, low = chosen(bytes(data))
    return f"{high:016x}{low:016x}"
