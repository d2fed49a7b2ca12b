print("hull")
