"""Status lists 状态列表: what the rooms have issued and is void, published under one address for all of them."""
